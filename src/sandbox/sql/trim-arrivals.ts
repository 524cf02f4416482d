import type { Pool } from 'pg';

import type { ChannelName } from '../../domain/channel.js';

/** Enough to look back on an afternoon of trying; at a few kilobytes each, some tens of megabytes. */
export const KEPT_PER_CHANNEL = 10_000;
/** Rows per delete: each is a short transaction that no insert waits for. */
const STEP_ROWS = 500;

/**
 * Deletes one step of what is older than the newest `kept`. SKIP LOCKED: two processes that trim at once share the work
 * instead of waiting for each other in an order nobody chose.
 */
export async function trimArrivals(
  pool: Pool,
  channel: ChannelName,
  kept = KEPT_PER_CHANNEL,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `DELETE FROM sandbox_messages WHERE id IN (
       SELECT id FROM sandbox_messages
        WHERE channel = $1
          AND id <= (SELECT id FROM sandbox_messages WHERE channel = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
        ORDER BY id LIMIT ${STEP_ROWS} FOR UPDATE SKIP LOCKED)`,
    [channel, kept],
  );
  return rowCount === STEP_ROWS;
}
