import type { Pool } from 'pg';

/**
 * Makes rows publishable again whose hint is lost: published in this queue at least `olderThanMs` ago and still here.
 * A hint that was only late becomes stale by the next publication's number.
 */
const RELEASE_LOST = `
  UPDATE outbox
     SET published_at = NULL, queue = NULL
   WHERE notification_id = ANY (ARRAY(
           SELECT notification_id FROM outbox
            WHERE queue = $1 AND published_at IS NOT NULL
              AND published_at <= clock_timestamp() - $2 * interval '1 ms'
            ORDER BY published_at
            LIMIT $3
              FOR UPDATE SKIP LOCKED))`;

/** How many were released, at most `limit`. */
export async function releaseLost(
  pool: Pool,
  queue: string,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'release_lost',
    text: RELEASE_LOST,
    values: [queue, olderThanMs, limit],
  });
  return rowCount ?? 0;
}
