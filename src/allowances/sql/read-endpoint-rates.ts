import type { Pool, PoolClient } from 'pg';

import type { BucketLevel } from '../../domain/token-bucket.js';
import { parseRatePerSecond } from '../../platform/config/units.js';

/** An endpoint that has a rate, and its bucket. */
export interface EndpointRate {
  ratePerSecond: number;
  level: BucketLevel | undefined;
}

interface Row {
  id: string;
  rate: string;
  tokens: number | null;
  idleMs: number | null;
}

const READ_ENDPOINT_RATES = `
  SELECT e.id, e.rate_limit AS rate, a.tokens,
         (extract(epoch FROM statement_timestamp() - a.filled_at) * 1000)::float8 AS "idleMs"
    FROM endpoints e LEFT JOIN allowances a ON a.kind = 'endpoint' AND a.key = e.id::text
   WHERE e.id = ANY ($1::uuid[]) AND e.rate_limit IS NOT NULL`;

/** Those of these endpoints that have a rate. */
export async function readEndpointRates(
  db: Pool | PoolClient,
  ids: readonly string[],
): Promise<Map<string, EndpointRate>> {
  const { rows } = await db.query<Row>({
    name: 'read_endpoint_rates',
    text: READ_ENDPOINT_RATES,
    values: [ids],
  });
  const rates = rows.map(({ id, rate, tokens, idleMs }): [string, EndpointRate] => [
    id,
    {
      ratePerSecond: parseRatePerSecond(rate)!,
      level: tokens === null ? undefined : { tokens, idleMs: idleMs! },
    },
  ]);
  return new Map(rates.filter(([, { ratePerSecond }]) => ratePerSecond > 0));
}
