import type { PoolClient } from 'pg';

import type { ErrorClass } from '../../domain/outcome.js';
import type { ReceiptKind } from '../../domain/receipt.js';

export interface ReceiptRow {
  /** Hex. */
  dedupeHash: string;
  notificationId: string | null;
  providerMessageId: string | null;
  kind: ReceiptKind;
  class: ErrorClass | null;
  code: string;
  at: Date;
  /** Nothing is left for it to change. */
  isSettled: boolean;
}

/** One that is stored. */
export interface StoredReceipt extends Omit<ReceiptRow, 'isSettled'> {
  id: string;
  provider: string;
}

export const RECEIPT_COLUMNS = `id, encode(dedupe_hash, 'hex') AS "dedupeHash", notification_id AS "notificationId", provider,
  provider_message_id AS "providerMessageId", kind, class, code, at`;

/**
 * Keeps what was not said before; answers the new ones. In the order of their hashes: two callbacks that repeat each other
 * wait for one another and never deadlock.
 */
const INSERT_RECEIPTS = `
  INSERT INTO receipts (dedupe_hash, notification_id, provider, provider_message_id, kind, class, code, at, settled_at)
  SELECT decode(i.hash, 'hex'), i.notification_id, $1, i.message_id, i.kind, i.class, i.code, i.at,
         CASE WHEN i.is_settled THEN now() END
    FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::boolean[])
      AS i (hash, notification_id, message_id, kind, class, code, at, is_settled)
   ORDER BY i.hash
  ON CONFLICT (dedupe_hash) DO NOTHING
  RETURNING ${RECEIPT_COLUMNS}`;

export async function insertReceipts(
  tx: PoolClient,
  provider: string,
  rows: readonly ReceiptRow[],
): Promise<StoredReceipt[]> {
  const stored = await tx.query<StoredReceipt>({
    name: 'insert_receipts',
    text: INSERT_RECEIPTS,
    values: [
      provider,
      rows.map((row) => row.dedupeHash),
      rows.map((row) => row.notificationId),
      rows.map((row) => row.providerMessageId),
      rows.map((row) => row.kind),
      rows.map((row) => row.class),
      rows.map((row) => row.code),
      rows.map((row) => row.at),
      rows.map((row) => row.isSettled),
    ],
  });
  return stored.rows;
}
