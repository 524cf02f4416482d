import type { Pool } from 'pg';

import { WAKE_RELAYS } from '../../domain/wake-up.js';

/**
 * Unblocks the heads of ordering keys that are still blocked: an accept saw an earlier one that left before it committed, or
 * two of a key left at the same moment and neither saw the other go.
 *
 * A head that is parked for its type is not blocked by its key, and stays.
 *
 * `is_blocked::integer`: as itself it brings `outbox_blocked` to mind, which is read from end to end, by a plan made while
 * nothing was blocked, instead of a few rows by key.
 *
 * A loose scan of `outbox_blocked`, key by key after `$1`: a key with a hundred thousand rows behind it costs one step.
 */
export const UNBLOCK_HEADS = `
  WITH RECURSIVE keys AS (
    (SELECT ordering_key FROM outbox WHERE is_blocked AND ordering_key > $1 ORDER BY ordering_key LIMIT 1)
    UNION ALL
    SELECT next.ordering_key
      FROM keys, LATERAL (
        SELECT ordering_key FROM outbox
         WHERE is_blocked AND ordering_key > keys.ordering_key ORDER BY ordering_key LIMIT 1) next
  ), looked_at AS MATERIALIZED (
    SELECT ordering_key FROM keys LIMIT $2
  ), unblocked AS (
    UPDATE outbox SET is_blocked = false
     WHERE notification_id = ANY (ARRAY(
             SELECT o.notification_id FROM outbox o
              WHERE o.notification_id = ANY (ARRAY(
                      SELECT (SELECT head.notification_id FROM ordered head
                               WHERE head.ordering_key = k.ordering_key ORDER BY head.seq LIMIT 1)
                        FROM looked_at k))
                AND o.is_blocked::integer = 1 AND o.parked_for IS NULL
                FOR UPDATE SKIP LOCKED))
    RETURNING notification_id
  )
  SELECT (SELECT count(*)::integer FROM unblocked) AS unblocked, count(*)::integer AS seen, max(ordering_key) AS last,
         (SELECT ${WAKE_RELAYS} WHERE EXISTS (SELECT FROM unblocked)) AS woken
    FROM looked_at`;

/** What one look at the keys behind `after` came to. */
export interface KeysSwept {
  unblocked: number;
  seen: number;
  last: string | null;
}

export async function unblockHeads(pool: Pool, after: string, limit: number): Promise<KeysSwept> {
  const { rows } = await pool.query<KeysSwept>({
    name: 'unblock_heads',
    text: UNBLOCK_HEADS,
    values: [after, limit],
  });
  return rows[0]!;
}
