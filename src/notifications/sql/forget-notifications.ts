import type { PoolClient } from 'pg';

import { SETTLED } from '../../domain/status.js';

/**
 * The last that is left of what has been emptied, where keys are not kept for ever: from here on its key is a new one.
 *
 * Receipts keep the hash by which a repetition is known; whose they were is forgotten with it.
 */
export const FORGET_NOTIFICATIONS = `
  WITH due AS MATERIALIZED (
    SELECT id FROM notifications
     WHERE id = ANY ($1::uuid[]) AND erased_at IS NOT NULL AND status = ANY ($2::text[])
       AND updated_at <= now() - $3 * interval '1 ms'
     ORDER BY id
       FOR UPDATE SKIP LOCKED
  ), attempts_gone AS (
    DELETE FROM attempts WHERE notification_id = ANY (ARRAY(SELECT id FROM due))
  ), ends_gone AS (
    DELETE FROM undelivered WHERE notification_id = ANY (ARRAY(SELECT id FROM due))
  ), reports_without_owner AS (
    UPDATE receipts SET notification_id = NULL, provider_message_id = NULL, settled_at = coalesce(settled_at, now())
     WHERE notification_id = ANY (ARRAY(SELECT id FROM due))
  )
  DELETE FROM notifications WHERE id = ANY (ARRAY(SELECT id FROM due)) RETURNING id`;

/** Answers those that are gone. */
export async function forgetNotifications(
  tx: PoolClient,
  ids: readonly string[],
  ageMs: number,
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'forget_notifications',
    text: FORGET_NOTIFICATIONS,
    values: [ids, SETTLED, ageMs],
  });
  return rows.map(({ id }) => id);
}
