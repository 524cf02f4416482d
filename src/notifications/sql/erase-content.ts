import type { PoolClient } from 'pg';

import { SETTLED } from '../../domain/status.js';

/** One that was emptied. */
export interface Erased {
  id: string;
  /** What the suppression list knew its address by (hex); null for a webhook. */
  addressHash: string | null;
}

/**
 * Empties what has been settled for long enough: content, recipient, business id, address, the caller's ordering key.
 *
 * - Key, fingerprint, id, type and status stay: a duplicate is a duplicate for ever. `recipient_key` is a keyed hash like
 *   them, and stays for that and because no index may be touched: the update is heap-only.
 * - A dead letter that is emptied can never be sent: it is closed (`discarded`) in the same commit.
 * - `updated_at` stays what it was, so that every age counts from the end of the notification.
 * - Guarded by state and age, locked in the order of ids, and waits for nobody: who is busy is answered as not erased.
 */
export const ERASE_CONTENT = `
  WITH due AS MATERIALIZED (
    SELECT id, address_hash FROM notifications
     WHERE id = ANY ($1::uuid[]) AND erased_at IS NULL AND status = ANY ($2::text[])
       AND updated_at <= now() - $3 * interval '1 ms'
     ORDER BY id
       FOR UPDATE SKIP LOCKED
  ), erased AS (
    UPDATE notifications n
       SET recipient = NULL, business_id = NULL, payload = NULL, address_hash = NULL, ordering_key = NULL, locale = NULL,
           traceparent = NULL,
           erased_at = now(), reason = CASE n.status WHEN 'dead' THEN 'erased' ELSE n.reason END,
           status = CASE n.status WHEN 'dead' THEN 'discarded' ELSE n.status END
      FROM due
     WHERE n.id = due.id AND n.erased_at IS NULL AND n.status = ANY ($2::text[])
    RETURNING n.id, encode(due.address_hash, 'hex') AS "addressHash"
  ), closed AS (
    UPDATE undelivered
       SET detail = NULL, ask_at = NULL, since = CASE status WHEN 'dead' THEN now() ELSE since END,
           status = CASE status WHEN 'dead' THEN 'discarded' ELSE status END
     WHERE notification_id = ANY (ARRAY(SELECT id FROM erased))
  )
  SELECT id, "addressHash" FROM erased`;

/** Answers those that this call emptied. `ageMs`: since their last change. */
export async function eraseContent(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<Erased[]> {
  const { rows } = await tx.query<Erased>({
    name: 'erase_content',
    text: ERASE_CONTENT,
    values: [ids, SETTLED, ageMs],
  });
  return rows;
}
