import type { Pool } from 'pg';

/** The longest any class of failure is remembered for: the 30 days of a phone that is off. */
const STRIKES_COUNT_FOR = '30 days';

/** Removes what has ended and what cannot count any more. How many rows of each. */
export async function forgetSuppressions(pool: Pool): Promise<{ suppressions: number; strikes: number }> {
  const ended = await pool.query(`DELETE FROM suppressions WHERE expires_at <= now()`);
  const old = await pool.query(
    `DELETE FROM suppression_strikes WHERE struck_at < now() - interval '${STRIKES_COUNT_FOR}'`,
  );
  return { suppressions: ended.rowCount ?? 0, strikes: old.rowCount ?? 0 };
}
