import type { PoolClient } from 'pg';

import { SETTLED } from '../../domain/status.js';

/**
 * What each call came to, of what has been emptied and settled for long enough: the attempts go, and the ids by which
 * providers know their messages. Attempts are read by their key, notification by notification.
 */
export const FORGET_ATTEMPTS = `
  WITH due AS MATERIALIZED (
    SELECT id, provider, provider_message_id FROM notifications
     WHERE id = ANY ($1::uuid[]) AND erased_at IS NOT NULL AND status = ANY ($2::text[])
       AND updated_at <= now() - $3 * interval '1 ms'
  ), attempts_gone AS (
    DELETE FROM attempts WHERE notification_id = ANY (ARRAY(SELECT id FROM due)) AND finished_at IS NOT NULL
  ), names_gone AS (
    DELETE FROM provider_messages m USING due
     WHERE m.provider = due.provider AND m.provider_message_id = due.provider_message_id
  ), nameless AS (
    UPDATE notifications SET provider_message_id = NULL
     WHERE id = ANY (ARRAY(SELECT id FROM due WHERE provider_message_id IS NOT NULL))
  )
  SELECT id FROM due`;

/** Answers those whose attempts are gone. */
export async function forgetAttempts(
  tx: PoolClient,
  ids: readonly string[],
  ageMs: number,
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'forget_attempts',
    text: FORGET_ATTEMPTS,
    values: [ids, SETTLED, ageMs],
  });
  return rows.map(({ id }) => id);
}

/**
 * On request: what providers said of these, in their own words, and the digests of what they were sent. That a call was made,
 * when, and what it came to stays until the attempts' own time is over: it names nobody, and bills are checked against it.
 */
export const BLANK_ATTEMPTS = `
  WITH blanked AS (
    UPDATE attempts SET detail = NULL, content_digest = NULL WHERE notification_id = ANY ($1::uuid[])
  ), names_gone AS (
    DELETE FROM provider_messages m USING notifications n
     WHERE n.id = ANY ($1::uuid[]) AND m.provider = n.provider AND m.provider_message_id = n.provider_message_id
  ), reports_nameless AS (
    UPDATE receipts SET provider_message_id = NULL WHERE notification_id = ANY ($1::uuid[])
  )
  UPDATE notifications SET provider_message_id = NULL
   WHERE id = ANY ($1::uuid[]) AND provider_message_id IS NOT NULL`;

export async function blankAttempts(tx: PoolClient, ids: readonly string[]): Promise<void> {
  await tx.query({ name: 'blank_attempts', text: BLANK_ATTEMPTS, values: [ids] });
}
