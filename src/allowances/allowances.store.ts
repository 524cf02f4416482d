import { Inject, Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';

import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { type EndpointRate, type EndpointTerms, readEndpointTerms } from './sql/read-endpoint-terms.js';
import { readEndpointRetries } from './sql/read-endpoint-retries.js';
import { readStandings, type Standing } from './sql/read-standings.js';
import { type NewLevel, writeLevels } from './sql/write-levels.js';

export type { EndpointRate, EndpointTerms } from './sql/read-endpoint-terms.js';
export type { Standing } from './sql/read-standings.js';
export type { NewLevel } from './sql/write-levels.js';

/** Apart from the advisory locks of upkeep ("PA" in ASCII). */
const LOCK_SPACE = 0x5041;

/** In whose turn a provider's calls are counted: the buckets of endpoints are shared by all providers of webhooks. */
export const turnOf = (channel: string | undefined, provider: string): string =>
  channel === 'webhook' ? 'webhook' : provider;

/**
 * Rates, ramps and retry budgets, counted in PostgreSQL once for all relays.
 *
 * Promises: what is spent in `inTurn` is spent in the commit that publishes, after a look that saw everything the others had
 * spent. A relay that dies spends nothing it did not use.
 */
@Injectable()
export class AllowancesStore {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** One at a time among those who ask for the same `of`. Statements of `work` see what the one before has committed. */
  inTurn<T>(of: string, work: (tx: PoolClient) => Promise<T>): Promise<T> {
    return inTransaction(this.pool, async (tx) => {
      await tx.query({
        name: 'wait_for_turn',
        text: 'SELECT pg_advisory_xact_lock($1, hashtext($2))',
        values: [LOCK_SPACE, of],
      });
      return work(tx);
    });
  }

  standings(providers: readonly string[], db: Pool | PoolClient = this.pool): Promise<Map<string, Standing>> {
    return readStandings(db, providers);
  }

  endpointTerms(ids: readonly string[], db: Pool | PoolClient = this.pool): Promise<EndpointTerms> {
    return readEndpointTerms(db, ids);
  }

  /** Those of these endpoints that have a rate. */
  async endpointRates(
    ids: readonly string[],
    db: Pool | PoolClient = this.pool,
  ): Promise<Map<string, EndpointRate>> {
    return (await this.endpointTerms(ids, db)).rates;
  }

  endpointRetries(tx: PoolClient, ids: readonly string[]): Promise<Map<string, number>> {
    return readEndpointRetries(tx, ids);
  }

  spend(tx: PoolClient, levels: readonly NewLevel[], atMs: number): Promise<void> {
    return levels.length === 0 ? Promise.resolve() : writeLevels(tx, levels, atMs);
  }
}
