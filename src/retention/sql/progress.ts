import type { Pool, PoolClient } from 'pg';

/** Where a task is; undefined: at its beginning. Locked: of two who step at once, one goes on after the other. */
export async function takeProgress(tx: PoolClient, task: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ reached: string }>({
    name: 'take_retention_progress',
    text: `SELECT reached FROM retention_progress WHERE task = $1 FOR UPDATE`,
    values: [task],
  });
  return rows[0]?.reached;
}

/** In the commit of the step itself: what it erased and how far it came are never told apart. */
export async function recordProgress(
  tx: PoolClient,
  task: string,
  reached: string,
  isCaughtUp: boolean,
): Promise<void> {
  await tx.query({
    name: 'record_retention_progress',
    text: `INSERT INTO retention_progress AS p (task, reached) VALUES ($1, $2)
           ON CONFLICT (task) DO UPDATE
             SET reached = excluded.reached, caught_up_at = CASE WHEN $3 THEN now() ELSE p.caught_up_at END`,
    values: [task, reached, isCaughtUp],
  });
}

/** What is kept for ever now has no progress: should it get an end again, it begins anew. */
export async function forgetProgress(pool: Pool, tasks: readonly string[]): Promise<void> {
  await pool.query({
    name: 'forget_retention_progress',
    text: `WITH gone AS (DELETE FROM retention_progress WHERE task <> ALL ($1::text[]) RETURNING task)
           DELETE FROM retention_held WHERE task IN (SELECT task FROM gone)`,
    values: [tasks],
  });
}
