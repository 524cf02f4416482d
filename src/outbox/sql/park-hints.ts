import type { Pool } from 'pg';

import { PRESENT_SLOT } from './count-sends.js';

/**
 * Parks what is published, and of a type that has been paused since: as take-back, so the hint is stale from now on and nobody
 * was called, and out of the relay's order until the type goes on. Published is what has a queue, as for a claim.
 */
const PARK_HINTS = `
  WITH parked AS (
    UPDATE outbox o
       SET published_at = NULL, queue = NULL, is_blocked = true, ordering_key = NULL, parked_for = n.type
      FROM notifications n
     WHERE n.id = o.notification_id AND n.type = ANY ($3::text[])
       AND o.notification_id = ANY ($1::uuid[])
       AND o.queue IS NOT NULL
       AND o.dispatch = ($2::integer[])[array_position($1::uuid[], o.notification_id)]
    RETURNING o.endpoint_id, o.is_retry
  ), uncounted AS (
    INSERT INTO sends AS s (kind, key, slot, firsts, retries)
    SELECT 'provider', $4, ${PRESENT_SLOT}, -count(*) FILTER (WHERE NOT is_retry), -count(*) FILTER (WHERE is_retry)
      FROM parked HAVING count(*) > 0
    ON CONFLICT (kind, key, slot) DO UPDATE
      SET firsts = s.firsts + excluded.firsts, retries = s.retries + excluded.retries
  ), uncounted_by_endpoint AS (
    INSERT INTO sends AS s (kind, key, slot, retries)
    SELECT 'endpoint', endpoint_id::text, ${PRESENT_SLOT}, -count(*)
      FROM parked WHERE is_retry AND endpoint_id IS NOT NULL GROUP BY endpoint_id ORDER BY endpoint_id
    ON CONFLICT (kind, key, slot) DO UPDATE SET retries = s.retries + excluded.retries
  )
  SELECT count(*)::integer AS parked FROM parked`;

/** How many of these hints were of a paused type. */
export async function parkHints(
  pool: Pool,
  provider: string,
  hints: readonly { id: string; dispatch: number }[],
  types: readonly string[],
): Promise<number> {
  const { rows } = await pool.query<{ parked: number }>({
    name: 'park_hints',
    text: PARK_HINTS,
    values: [hints.map(({ id }) => id), hints.map(({ dispatch }) => dispatch), types, provider],
  });
  return rows[0]!.parked;
}
