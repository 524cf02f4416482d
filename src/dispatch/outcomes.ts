import { Inject, Injectable } from '@nestjs/common';

import { type EndpointAttempt, EndpointVerdicts } from '../endpoints/endpoint-verdicts.service.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { GroupCommit } from '../platform/database/group-commit.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';

const GROUP = { maxRows: 64, inFlight: 2 } as const;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;

/**
 * Records outcomes, coalesced. Promises: an outcome that is known is never thrown away. While PostgreSQL is gone it is
 * kept and tried again; if this worker was given up meanwhile, it is recorded as a late word.
 */
@Injectable()
export class Outcomes {
  private readonly group: GroupCommit<AttemptRecord, boolean>;
  private isGivingUp = false;

  constructor(
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(EndpointVerdicts) private readonly endpoints: EndpointVerdicts,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Log) private readonly log: Log,
  ) {
    this.group = new GroupCommit(async (records) => {
      this.gauges.outcomeGroupRows.observe(records.length);
      return this.notifications.record(records);
    }, GROUP);
  }

  /** Resolves once it is durable, or when the process must end first (`giveUp`). `endpointId`: of a webhook. */
  async record(record: AttemptRecord, endpointId: string | null): Promise<void> {
    const attempt = endpointId === null ? undefined : attemptAt(endpointId, record);
    for (let delayMs = RETRY_FIRST_MS; !this.isGivingUp; delayMs = Math.min(RETRY_MAX_MS, delayMs * 2)) {
      try {
        if (attempt) await this.endpoints.obeyGone(attempt, record.outcome);
        if (!(await this.group.add(record))) await this.notifications.settleLate(record);
        if (attempt) await this.endpoints.note(attempt, record.outcome);
        return;
      } catch (error) {
        this.log.warn('outcome.not_recorded', { id: record.id, attempt: record.attempt, err: error });
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  /** The process ends now: what is not recorded will be found in doubt. */
  giveUp(): void {
    this.isGivingUp = true;
  }
}

const attemptAt = (endpointId: string, { id, attempt }: AttemptRecord): EndpointAttempt => ({
  endpointId,
  notificationId: id,
  number: attempt,
});
