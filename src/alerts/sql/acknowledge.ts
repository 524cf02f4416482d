import type { PoolClient } from 'pg';

/** Somebody is at it. Whether this was the first to say so; a resolved one needs nobody any more. */
export async function acknowledge(tx: PoolClient, id: string, apiKeyId: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'acknowledge_alert',
    text: `UPDATE alerts SET acknowledged_at = now(), acknowledged_by = $2
            WHERE id = $1 AND acknowledged_at IS NULL AND resolved_at IS NULL`,
    values: [id, apiKeyId],
  });
  return rowCount === 1;
}
