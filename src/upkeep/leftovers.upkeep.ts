import { Inject, Injectable } from '@nestjs/common';

import { GatesStore } from '../gates/gates.store.js';
import { WorkPool } from '../platform/database/pools.js';
import { Suppressions } from '../suppressions/suppressions.js';
import type { UpkeepService } from './upkeep.service.js';

/** Rows that one statement deletes at most. */
const STEP = 5_000;

/**
 * Removes what has served its time: gates that hold nothing, answers remembered for a day, suppressions that have ended,
 * old counts, levels of rates that are full again, changes of breakers, and ids of providers' messages that nobody reports on any more.
 */
@Injectable()
export class Leftovers implements UpkeepService {
  readonly name = 'leftovers';
  readonly everyMs = 60_000;
  readonly isExclusive = true;

  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(Suppressions) private readonly suppressions: Suppressions,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    return {
      gates: await this.gates.forget(),
      answers: await this.delete('idempotent_requests', `created_at < now() - interval '24 hours'`),
      sends: await this.delete('sends', `slot < extract(epoch FROM now()) / 5 - 24`), // two minutes; a budget reads one
      // A bucket that nobody has taken from for a day is full, as a missing one is; a ramp is still read.
      levels: await this.delete('allowances', `filled_at < now() - interval '1 day' AND ramp_since IS NULL`),
      tallies: await this.delete('call_tallies', `minute < now() - interval '1 hour'`),
      alerts: await this.delete('alerts', `resolved_at < now() - interval '90 days'`),
      news: await this.delete('alert_deliveries', `at < now() - interval '90 days'`),
      ...(await this.suppressions.forget()),
      provider_messages: await this.delete('provider_messages', `at < now() - interval '90 days'`),
      changes: await this.delete('breaker_changes', `at < now() - interval '30 days'`),
    };
  }

  /** In steps: a statement that is ended for taking too long has deleted nothing. */
  private async delete(table: string, isOver: string): Promise<number> {
    const step = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${isOver} LIMIT ${STEP}))`;
    let sum = 0;
    for (let deleted = STEP; deleted === STEP; sum += deleted)
      deleted = (await this.pool.query(step)).rowCount ?? 0;
    return sum;
  }
}
