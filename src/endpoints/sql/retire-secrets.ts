import type { PoolClient } from 'pg';

/** How many retired secrets of an endpoint still sign; those whose time is over are removed on the way. */
export async function countRetired(tx: PoolClient, id: string): Promise<number> {
  await tx.query(`DELETE FROM endpoint_retired_secrets WHERE endpoint_id = $1 AND signs_until <= now()`, [
    id,
  ]);
  const { rowCount } = await tx.query(`SELECT FROM endpoint_retired_secrets WHERE endpoint_id = $1`, [id]);
  return rowCount ?? 0;
}

/**
 * Retires these (sealed) for `overlapMs` more; nothing older signs longer than that either, so an overlap of nothing ends
 * every earlier secret at once. Answers until when they sign; null: not at all.
 */
export async function retire(
  tx: PoolClient,
  id: string,
  sealed: readonly Buffer[],
  overlapMs: number,
): Promise<Date | null> {
  if (overlapMs === 0) {
    await tx.query(`DELETE FROM endpoint_retired_secrets WHERE endpoint_id = $1`, [id]);
    return null;
  }
  await tx.query(
    `UPDATE endpoint_retired_secrets SET signs_until = least(signs_until, now() + $2 * interval '1 ms')
      WHERE endpoint_id = $1`,
    [id, overlapMs],
  );
  const { rows } = await tx.query<{ until: Date }>(
    `INSERT INTO endpoint_retired_secrets (endpoint_id, secret, signs_until)
     SELECT $1, secret, now() + $3 * interval '1 ms' FROM unnest($2::bytea[]) AS r (secret)
     RETURNING signs_until AS until`,
    [id, sealed, overlapMs],
  );
  return rows[0]!.until;
}
