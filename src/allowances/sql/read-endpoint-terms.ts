import type { Pool, PoolClient } from 'pg';

import type { BucketLevel } from '../../domain/token-bucket.js';
import { parseRatePerSecond } from '../../platform/config/units.js';

/** An endpoint that has a rate, and its bucket. */
export interface EndpointRate {
  ratePerSecond: number;
  level: BucketLevel | undefined;
}

/** What owners of endpoints ask for, of those that ask for anything. */
export interface EndpointTerms {
  rates: Map<string, EndpointRate>;
  /** Calls in flight at once, per worker process. */
  caps: Map<string, number>;
}

interface Row {
  id: string;
  rate: string | null;
  cap: number | null;
  tokens: number | null;
  idleMs: number | null;
}

const READ_ENDPOINT_TERMS = `
  SELECT e.id, e.rate_limit AS rate, e.concurrency AS cap, a.tokens,
         (extract(epoch FROM statement_timestamp() - a.filled_at) * 1000)::float8 AS "idleMs"
    FROM endpoints e LEFT JOIN allowances a ON a.kind = 'endpoint' AND a.key = e.id::text
   WHERE e.id = ANY ($1::uuid[]) AND (e.rate_limit IS NOT NULL OR e.concurrency IS NOT NULL)`;

export async function readEndpointTerms(
  db: Pool | PoolClient,
  ids: readonly string[],
): Promise<EndpointTerms> {
  const { rows } = await db.query<Row>({
    name: 'read_endpoint_terms',
    text: READ_ENDPOINT_TERMS,
    values: [ids],
  });
  const terms: EndpointTerms = { rates: new Map(), caps: new Map() };
  for (const { id, rate, cap, tokens, idleMs } of rows) {
    if (cap !== null) terms.caps.set(id, cap);
    const ratePerSecond = rate === null ? undefined : parseRatePerSecond(rate);
    const level = tokens === null ? undefined : { tokens, idleMs: idleMs! };
    if (ratePerSecond) terms.rates.set(id, { ratePerSecond, level });
  }
  return terms;
}
