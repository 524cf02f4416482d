import { Inject, Injectable } from '@nestjs/common';

import type { Outcome } from '../domain/outcome.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Log } from '../platform/logging/log.js';
import { EndpointDirectory } from './endpoint-directory.service.js';
import { EndpointSwitch } from './endpoint-switch.service.js';
import { markFailing, markWell } from './sql/mark-failing.js';
import { lockAccused } from './sql/switch-endpoint.js';

/** Which attempt was made, at which endpoint. */
export interface EndpointAttempt {
  endpointId: string;
  /** UUID. */
  notificationId: string;
  number: number;
}

/**
 * What outcomes say about the endpoint itself.
 *
 * A 410 switches it off before the outcome is recorded: killed in between, the attempt is in doubt, and its repetition says
 * so again. Well and failing are told apart by what the directory read at most two seconds ago, so an endpoint that stays
 * as it is costs no statement.
 */
@Injectable()
export class EndpointVerdicts {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
    @Inject(EndpointSwitch) private readonly endpointSwitch: EndpointSwitch,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** Before the outcome is recorded. Throws when PostgreSQL does not answer: then nothing is recorded either. */
  obeyGone(attempt: EndpointAttempt, outcome: Outcome): Promise<void> {
    return outcome.kind === 'taken' || outcome.code !== GONE ? NOTHING_TO_OBEY : this.switchOff(attempt);
  }

  private async switchOff({ endpointId, notificationId, number }: EndpointAttempt): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      if (await lockAccused(tx, endpointId, { notificationId, number }))
        await this.endpointSwitch.off(tx, endpointId, 'gone', null);
    });
    this.directory.forget(endpointId);
  }

  /** After it. Never throws: the next outcome says the same again. */
  async note({ endpointId }: EndpointAttempt, outcome: Outcome): Promise<void> {
    if (!speaksOfEndpoint(outcome)) return;
    const isWell = outcome.kind === 'taken';
    try {
      const endpoint = await this.directory.find(endpointId);
      if (!endpoint || endpoint.isFailing !== isWell) return;
      await (isWell ? markWell(this.pool, endpointId) : markFailing(this.pool, endpointId));
      this.directory.forget(endpointId);
    } catch (error) {
      this.log.warn('endpoint.not_noted', { err: error });
    }
  }
}

const GONE = 'http_410';
const NOTHING_TO_OBEY = Promise.resolve();

/** Somebody answered, or nobody did. What was cut from this side, or never left it, is no word of the endpoint's. */
const speaksOfEndpoint = (outcome: Outcome): boolean =>
  outcome.kind === 'taken' ||
  outcome.code.startsWith('http_') ||
  outcome.scope === 'endpoint' ||
  outcome.scope === 'host';
