import type { PoolClient } from 'pg';

import { RECEIPT_COLUMNS, type StoredReceipt } from './insert-receipts.js';

/** Gives those that came before their message's id was on record to whom they belong. How many. */
export async function adoptUnmatched(tx: PoolClient, youngerThanMs: number): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'adopt_unmatched_receipts',
    text: `
      WITH unmatched AS MATERIALIZED (
        SELECT id, provider, provider_message_id FROM receipts
         WHERE settled_at IS NULL AND notification_id IS NULL AND received_at > now() - $1 * interval '1 ms'
      )
      UPDATE receipts r SET notification_id = m.notification_id
        FROM unmatched u JOIN provider_messages m USING (provider, provider_message_id)
       WHERE r.id = u.id`,
    values: [youngerThanMs],
  });
  return rowCount ?? 0;
}

/** Those that may still change something, the oldest first. Locked, so that nobody else settles them meanwhile. */
export async function takePending(tx: PoolClient, limit: number): Promise<StoredReceipt[]> {
  const { rows } = await tx.query<StoredReceipt>({
    name: 'take_pending_receipts',
    text: `SELECT ${RECEIPT_COLUMNS} FROM receipts WHERE settled_at IS NULL AND notification_id IS NOT NULL
            ORDER BY receipts.id LIMIT $1 FOR UPDATE SKIP LOCKED`,
    values: [limit],
  });
  return rows;
}

export async function markSettled(tx: PoolClient, ids: readonly string[]): Promise<void> {
  await tx.query({
    name: 'mark_receipts_settled',
    text: `UPDATE receipts SET settled_at = now() WHERE id = ANY ($1::bigint[])`,
    values: [ids],
  });
}

/** Those of messages that nobody here sent: other senders share the vendor's account. How many. */
export async function forgetUnmatched(tx: PoolClient, olderThanMs: number): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'forget_unmatched_receipts',
    text: `DELETE FROM receipts
            WHERE settled_at IS NULL AND notification_id IS NULL AND received_at < now() - $1 * interval '1 ms'`,
    values: [olderThanMs],
  });
  return rowCount ?? 0;
}
