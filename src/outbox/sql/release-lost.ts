import type { Pool } from 'pg';

import { UNCOUNT_SENDS } from './count-sends.js';

/**
 * Makes rows publishable again whose hint is lost: published in this queue at least `olderThanMs` ago and still here.
 * A hint that was only late becomes stale by the next publication's number. Nobody was called: a retry budget that a lost
 * queue had used up would hold back what it lost.
 */
const RELEASE_LOST = `
  WITH taken_back AS (
    UPDATE outbox
       SET published_at = NULL, queue = NULL
     WHERE notification_id = ANY (ARRAY(
             SELECT notification_id FROM outbox
              WHERE queue = $1 AND published_at IS NOT NULL
                AND published_at <= clock_timestamp() - $2 * interval '1 ms'
              ORDER BY published_at
              LIMIT $3
                FOR UPDATE SKIP LOCKED))
    RETURNING endpoint_id, is_retry
  ), ${UNCOUNT_SENDS("split_part($1, '.', 1)")}
  SELECT count(*)::integer AS count FROM taken_back`;

/** How many were released, at most `limit`. */
export async function releaseLost(
  pool: Pool,
  queue: string,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'release_lost',
    text: RELEASE_LOST,
    values: [queue, olderThanMs, limit],
  });
  return rows[0]!.count;
}
