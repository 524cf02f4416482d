import type { PoolClient } from 'pg';

import type { SuppressionReason } from '../../domain/suppression.js';

export interface Removed {
  channel: string;
  reason: SuppressionReason;
  type: string;
}

/** Of an address, by its hash (hex): those with one of these reasons that were said by then, whatever their type. */
export async function removeByAddress(
  tx: PoolClient,
  addressHash: string,
  reasons: readonly SuppressionReason[],
  saidAt: Date,
): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'remove_suppressions_by_address',
    text: `DELETE FROM suppressions WHERE address_hash = decode($1, 'hex') AND reason = ANY ($2::text[]) AND created_at <= $3`,
    values: [addressHash, reasons, saidAt],
  });
  return rowCount ?? 0;
}

/** One by its id, guarded by the reasons that may be taken back. */
export async function removeById(
  tx: PoolClient,
  id: string,
  reasons: readonly SuppressionReason[],
): Promise<Removed | undefined> {
  const { rows } = await tx.query<Removed>({
    name: 'remove_suppression_by_id',
    text: `DELETE FROM suppressions WHERE id = $1 AND reason = ANY ($2::text[]) RETURNING channel, reason, type`,
    values: [id, reasons],
  });
  return rows[0];
}

export async function reasonOf(tx: PoolClient, id: string): Promise<SuppressionReason | undefined> {
  const { rows } = await tx.query<{ reason: SuppressionReason }>(
    `SELECT reason FROM suppressions WHERE id = $1`,
    [id],
  );
  return rows[0]?.reason;
}
