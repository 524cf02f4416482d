import type { Pool } from 'pg';

import { DOUBTFUL_PROVIDER } from './doubtful-provider.js';

/**
 * Cancels one that waits: whoever deletes the outbox row may. Not one that waits for its retry after a doubt: it may have
 * arrived, and "cancelled" says that it has not. Answers whether this call did.
 */
const CANCEL = `
  WITH taken AS (
    DELETE FROM outbox WHERE notification_id = $1 AND ${DOUBTFUL_PROVIDER('$1')} IS NULL RETURNING notification_id
  ), cancelled AS (
    UPDATE notifications SET status = 'cancelled', reason = 'cancelled', updated_at = now()
     WHERE id = ANY (ARRAY(SELECT notification_id FROM taken))
    RETURNING id, type, channel, provider
  ), undeliverable AS (
    INSERT INTO undelivered (notification_id, status, type, channel, provider, code)
    SELECT id, 'cancelled', type, channel, provider, 'cancelled' FROM cancelled
  ), released AS (
    DELETE FROM ordered WHERE notification_id = ANY (ARRAY(SELECT id FROM cancelled))
  )
  SELECT id FROM cancelled`;

export async function cancel(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query({ name: 'cancel', text: CANCEL, values: [id] });
  return rowCount === 1;
}
