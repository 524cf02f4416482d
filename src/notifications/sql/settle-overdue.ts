import type { Pool } from 'pg';

import { tellOf } from '../../own-events/telling.js';
import { MAY_HAVE_ARRIVED } from './may-have-arrived.js';

/**
 * Settles what waited past its expiry (`expired`) or deadline (`dead`), wherever it waits: held, scheduled, published.
 * Deleting the outbox row is the right to do so; a worker that claims at the same moment wins or loses whole.
 * One that may have arrived already is parked in doubt instead, and asked about where that is possible.
 * The row's dispatch number is kept: a redrive counts on from it, so hints still in a queue stay stale.
 */
const SETTLE_OVERDUE = `
  WITH taken AS (
    DELETE FROM outbox
     WHERE notification_id = ANY (ARRAY(
             SELECT notification_id FROM outbox WHERE overdue_at <= now() ORDER BY overdue_at
              LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING notification_id, dispatch
  ), settled AS (
    UPDATE notifications n
       SET status = CASE WHEN ${MAY_HAVE_ARRIVED('n')} THEN 'in_doubt' WHEN expires_at <= now() THEN 'expired' ELSE 'dead' END,
           reason = CASE WHEN expires_at <= now() THEN 'expired' ELSE 'deadline' END,
           dispatch = t.dispatch, updated_at = now()
      FROM taken t
     WHERE n.id = t.notification_id
    RETURNING n.id, n.status, n.type, n.channel, n.provider, n.reason, n.dispatch, n.attempts
  ), undeliverable AS (
    INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, ask_at)
    SELECT id, status, type, channel, provider, reason, 'too_late', CASE status WHEN 'in_doubt' THEN now() END FROM settled
    ON CONFLICT (notification_id) DO UPDATE
      SET status = excluded.status, class = excluded.class, code = excluded.code, ask_at = excluded.ask_at, asked = 0,
          since = now()
  ), released AS (
    DELETE FROM ordered WHERE notification_id = ANY (ARRAY(SELECT id FROM settled WHERE status <> 'in_doubt'))
  ), told AS (${tellOf("(SELECT *, 'too_late' AS code, reason AS class FROM settled) AS ended")}
  )
  SELECT count(*)::integer AS count FROM settled`;

/** How many were settled, at most `limit`. */
export async function settleOverdue(pool: Pool, limit: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'settle_overdue',
    text: SETTLE_OVERDUE,
    values: [limit],
  });
  return rows[0]!.count;
}
