import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { acceptRows } from '../accept/accept-rows.js';
import { PayloadVault } from '../notifications/payload.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { type Event, notificationOf } from './event.js';
import { matchEndpoints } from './sql/match-endpoints.js';

/**
 * Makes of each event one notification per subscribed endpoint, by the one accept statement.
 *
 * Promises: all of them with the caller's commit, or none; an endpoint that has its notification gets no second; never more
 * than a chunk in memory, however many subscribe. Between chunks other requests get their turn, because each waits for
 * PostgreSQL.
 */
@Injectable()
export class FanOut {
  constructor(
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {}

  /**
   * How many endpoints matched each event, in order. `admit`: of those with subscribers, called once each, the ones that
   * may go on; default: all.
   */
  async spread(
    tx: PoolClient,
    events: readonly Event[],
    admit: (events: readonly Event[]) => Promise<ReadonlySet<string>> = async (all) =>
      new Set(all.map(({ id }) => id)),
  ): Promise<number[]> {
    const matched = events.map(() => 0);
    const admitted = new Set<string>();
    for await (const chunk of matchEndpoints(tx, events)) {
      const fresh = [...new Set(chunk.map(({ at }) => at))].filter((at) => matched[at] === 0);
      if (fresh.length > 0) (await admit(fresh.map((at) => events[at]!))).forEach((id) => admitted.add(id));
      for (const { at } of chunk) matched[at]!++;
      const going = chunk.filter(({ at }) => admitted.has(events[at]!.id));
      if (going.length === 0) continue;
      this.gauges.fanOutRows.observe(going.length);
      await acceptRows(
        tx,
        going.map((match) => notificationOf(events[match.at]!, match, this.hasher, this.vault)),
      );
    }
    return matched;
  }
}
