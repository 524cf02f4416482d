import type { Pool } from 'pg';

/**
 * Makes rows publishable again that were published to a queue which the configuration no longer has: a provider was
 * renamed or removed, and nobody works there or looks for lost hints there. `outbox_published` holds no more than the
 * windows, so all of it may be read.
 */
const RELEASE_STRAYS = `
  UPDATE outbox
     SET published_at = NULL, queue = NULL
   WHERE notification_id = ANY (ARRAY(
           SELECT notification_id FROM outbox
            WHERE published_at IS NOT NULL AND queue <> ALL ($1::text[])
              AND published_at <= clock_timestamp() - $2 * interval '1 ms'
            LIMIT $3
              FOR UPDATE SKIP LOCKED))`;

/** How many were released, at most `limit`. `queues`: all that there are. */
export async function releaseStrays(
  pool: Pool,
  queues: readonly string[],
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'release_strays',
    text: RELEASE_STRAYS,
    values: [queues, olderThanMs, limit],
  });
  return rowCount ?? 0;
}
