import { Inject, Injectable } from '@nestjs/common';

import type { Lane } from '../domain/channel.js';
import { type EndpointAttempt, EndpointVerdicts } from '../endpoints/endpoint-verdicts.service.js';
import type { Claimed } from '../notifications/claimed.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { GroupCommit, type GroupCommitOptions } from '../platform/database/group-commit.js';
import { isRefused } from '../platform/database/sql-state.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { BulkShare } from './bulk-share.js';
import { laneGroups } from './lane-groups.js';
import { lesserOf } from './lesser-outcome.js';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;

/**
 * Records outcomes, coalesced. Promises: an outcome that is known is never thrown away. While PostgreSQL is gone it is
 * kept and tried again; if this worker was given up meanwhile, it is recorded as a late word. One that PostgreSQL will not
 * have is written without what may offend: an outcome with less to say is better than none, and than a place held for ever.
 */
@Injectable()
export class Outcomes {
  private readonly groups: Record<Lane, GroupCommit<AttemptRecord, boolean>>;
  private isGivingUp = false;

  constructor(
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(EndpointVerdicts) private readonly endpoints: EndpointVerdicts,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Log) private readonly log: Log,
    @Inject(BulkShare) share: BulkShare,
  ) {
    const { transactional, bulk } = laneGroups(share);
    this.groups = { transactional: this.groupOf(transactional), bulk: this.groupOf(bulk) };
  }

  private groupOf(options: GroupCommitOptions): GroupCommit<AttemptRecord, boolean> {
    return new GroupCommit(async (records) => {
      this.gauges.outcomeGroupRows.observe(records.length);
      return this.notifications.record(records);
    }, options);
  }

  /** Resolves once it is durable, or when the process must end first (`giveUp`). */
  async record(
    record: AttemptRecord,
    { lane, endpointId }: Pick<Claimed, 'lane' | 'endpointId'>,
  ): Promise<void> {
    const attempt = endpointId === null ? undefined : attemptAt(endpointId, record);
    for (let delayMs = RETRY_FIRST_MS; !this.isGivingUp; delayMs = Math.min(RETRY_MAX_MS, delayMs * 2)) {
      try {
        if (attempt) await this.unlessRefused(record, this.endpoints.obeyGone(attempt, record.outcome));
        await this.write(record, lane);
        if (attempt) await this.unlessRefused(record, this.endpoints.note(attempt, record.outcome));
        return;
      } catch (error) {
        this.log.warn('outcome.not_recorded', { id: record.id, attempt: record.attempt, err: error });
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  private async write(record: AttemptRecord, lane: Lane): Promise<void> {
    try {
      if (!(await this.groups[lane].add(record))) await this.notifications.settleLate(record);
    } catch (error) {
      if (!isRefused(error) || !(await this.writeAlone(record, error))) throw error;
    }
  }

  /** In full, then with less and less; false when none will do: then it is not this outcome that PostgreSQL refuses. */
  private async writeAlone(record: AttemptRecord, refusal: unknown): Promise<boolean> {
    for (const version of [record, ...lesserOf(record)]) {
      try {
        const [isWon] = await this.notifications.record([version]);
        if (!isWon) await this.notifications.settleLate(version);
      } catch (error) {
        if (isRefused(error)) continue;
        throw error;
      }
      if (version !== record) this.log.error('outcome.cut', { ...aboutOf(version), err: refusal });
      return true;
    }
    return false;
  }

  /** What an endpoint's health is told is no reason to keep an outcome from being written. */
  private unlessRefused(record: AttemptRecord, telling: Promise<unknown>): Promise<unknown> {
    return telling.catch((error: unknown) => {
      if (!isRefused(error)) throw error;
      this.log.error('endpoint.not_told', { ...aboutOf(record), err: error });
    });
  }

  /** The process ends now: what is not recorded will be found in doubt. */
  giveUp(): void {
    this.isGivingUp = true;
  }
}

const aboutOf = ({ id, attempt, outcome }: AttemptRecord) => ({ id, attempt, outcome: outcome.kind });

const attemptAt = (endpointId: string, { id, attempt }: AttemptRecord): EndpointAttempt => ({
  endpointId,
  notificationId: id,
  number: attempt,
});
