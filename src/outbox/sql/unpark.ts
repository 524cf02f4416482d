import type { Pool } from 'pg';

import { WAKE_RELAYS } from '../../domain/wake-up.js';

/**
 * Gives back to the relay what is parked for types that are not paused, the longest due first. `types`: those that are paused.
 * The types there are come from a loose scan of `outbox_parked`, one look each: what goes on waiting is not read.
 */
export const UNPARK = `
  WITH RECURSIVE types AS (
    (SELECT parked_for FROM outbox WHERE parked_for IS NOT NULL ORDER BY parked_for LIMIT 1)
    UNION ALL
    SELECT next.parked_for FROM types, LATERAL (
      SELECT parked_for FROM outbox WHERE parked_for > types.parked_for ORDER BY parked_for LIMIT 1) next
  ), unparked AS (
    UPDATE outbox SET is_blocked = false, parked_for = NULL
     WHERE notification_id = ANY (ARRAY(
             SELECT one.notification_id
               FROM types t
               JOIN LATERAL (
                 SELECT o.notification_id FROM outbox o
                  WHERE o.parked_for = t.parked_for ORDER BY o.available_at LIMIT $2
                    FOR UPDATE SKIP LOCKED) one ON true
              WHERE t.parked_for <> ALL ($1::text[])
              LIMIT $2))
    RETURNING notification_id
  )
  SELECT count(*)::integer AS count, (SELECT ${WAKE_RELAYS} WHERE EXISTS (SELECT FROM unparked)) AS woken
    FROM unparked`;

/** How many may go again, at most `limit`. */
export async function unpark(pool: Pool, paused: readonly string[], limit: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'unpark',
    text: UNPARK,
    values: [paused, limit],
  });
  return rows[0]!.count;
}
