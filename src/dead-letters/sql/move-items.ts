import type { Pool, PoolClient } from 'pg';

import type { Redrivable } from '../redrive.schema.js';

export async function runningRedrives(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM redrives WHERE state = 'running' ORDER BY started_at`,
  );
  return rows.map((row) => row.id);
}

export interface Turn {
  statuses: Redrivable[];
  ratePerSecond: number;
  /** How many may go now by its rate. What it did not use earlier it may use later, up to a second's worth. */
  allowance: number;
}

/** Whoever locks the redrive moves its items; undefined: another does, or it has ended. */
export async function takeTurn(tx: PoolClient, id: string): Promise<Turn | undefined> {
  const { rows } = await tx.query<Turn>({
    name: 'take_redrive_turn',
    text: `SELECT statuses, rate_per_s AS "ratePerSecond",
                  least(greatest(1, rate_per_s), extract(epoch FROM clock_timestamp() - paced_at)::float8 * rate_per_s)
                    AS allowance
             FROM redrives WHERE id = $1 AND state = 'running' FOR UPDATE SKIP LOCKED`,
    values: [id],
  });
  return rows[0];
}

/** The next of its items; they leave the list with the commit that moves them. */
export async function takeItems(tx: PoolClient, id: string, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ notification_id: string }>({
    name: 'take_redrive_items',
    text: `DELETE FROM redrive_items
            WHERE redrive_id = $1
              AND notification_id = ANY (ARRAY(
                    SELECT notification_id FROM redrive_items WHERE redrive_id = $1 ORDER BY notification_id LIMIT $2))
           RETURNING notification_id`,
    values: [id, limit],
  });
  return rows.map((row) => row.notification_id);
}

/** `leftS`: seconds' worth of allowance that was not used. */
export async function recordProgress(
  tx: PoolClient,
  id: string,
  done: number,
  failed: number,
  leftS: number,
): Promise<void> {
  await tx.query({
    name: 'record_redrive_progress',
    text: `UPDATE redrives
              SET done = done + $2::bigint, failed = failed + $3::bigint,
                  paced_at = clock_timestamp() - $4::float8 * interval '1 s',
                  state = CASE WHEN done + failed + $2::bigint + $3::bigint >= matched THEN 'done' ELSE state END,
                  finished_at = CASE WHEN done + failed + $2::bigint + $3::bigint >= matched THEN now() END
            WHERE id = $1`,
    values: [id, done, failed, leftS],
  });
}
