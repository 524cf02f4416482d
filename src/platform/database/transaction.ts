import type { Pool, PoolClient } from 'pg';

/** Everything `work` writes is committed together, or nothing is. A refusal rolls back and leaves the connection usable. */
export async function inTransaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  try {
    await tx.query('BEGIN');
    const result = await work(tx);
    await tx.query('COMMIT');
    tx.release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not handed to the next caller.
    const isBroken = await tx.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    tx.release(isBroken);
    throw error;
  }
}
