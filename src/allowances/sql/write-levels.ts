import type { PoolClient } from 'pg';

/** What is left in a bucket. */
export interface NewLevel {
  kind: 'provider' | 'endpoint';
  key: string;
  tokens: number;
}

/** In the order of the keys, so that two who write several never wait for each other crosswise. */
const WRITE_LEVELS = `
  INSERT INTO allowances AS a (kind, key, tokens, filled_at)
  SELECT kind, key, tokens, to_timestamp($4::float8 / 1000)
    FROM unnest($1::text[], $2::text[], $3::float8[]) AS l (kind, key, tokens) ORDER BY kind, key
  ON CONFLICT (kind, key) DO UPDATE SET tokens = excluded.tokens, filled_at = excluded.filled_at`;

/** `atMs`: when they were read, by the database's clock; what has flowed in since then is still to be added. */
export async function writeLevels(tx: PoolClient, levels: readonly NewLevel[], atMs: number): Promise<void> {
  await tx.query({
    name: 'write_levels',
    text: WRITE_LEVELS,
    values: [
      levels.map((one) => one.kind),
      levels.map((one) => one.key),
      levels.map((one) => one.tokens),
      atMs,
    ],
  });
}
