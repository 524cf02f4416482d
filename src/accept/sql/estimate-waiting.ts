import type { Pool } from 'pg';

import type { Lane } from '../../domain/channel.js';

/** Pages of the outbox that one look reads at most: eight megabytes, ten milliseconds. */
const PAGES = 1_000;

export interface WaitingOfKey {
  lane: Lane;
  /** Null: the service itself, or an API key that is gone. */
  apiKeyId: string | null;
  waiting: number;
}

/** The pages are a random part of all, so what is found in them stands for the rest. */
export const ESTIMATE_WAITING = `
  SELECT found.lane, k.id AS "apiKeyId", (found.rows * 100 / $1::float8)::float8 AS waiting
    FROM (SELECT lane, sender, count(*) AS rows FROM outbox TABLESAMPLE SYSTEM ($1::real) GROUP BY lane, sender) found
    LEFT JOIN api_keys k ON hashtext(k.id) = found.sender`;

/**
 * How many wait, by lane and API key. Exact while the outbox is smaller than a thousand pages (some fifty thousand rows);
 * beyond that an estimate from as many, within a few per cent, which costs the same however much waits.
 */
export async function estimateWaiting(pool: Pool): Promise<WaitingOfKey[]> {
  const { rows: sizes } = await pool.query<{ pages: number }>({
    name: 'outbox_pages',
    text: `SELECT (pg_relation_size('outbox') / current_setting('block_size')::integer)::float8 AS pages`,
  });
  const { pages } = sizes[0]!;
  if (pages === 0) return [];
  const { rows } = await pool.query<WaitingOfKey>({
    name: 'estimate_waiting',
    text: ESTIMATE_WAITING,
    values: [Math.min(100, (100 * PAGES) / pages)],
  });
  return rows;
}
