import type { Pool } from 'pg';

/** What upkeep would have put right long ago: each within a minute, were it running. */
export interface Neglected {
  isOverdue: boolean;
  isLost: boolean;
  isAbandoned: boolean;
}

/**
 * Looks for the work of each upkeep service left undone: rows past their expiry (`outbox_overdue`), hints that were out for
 * longer than any queue explains (`outbox_published`), calls of processes that are dead (`attempts_open`).
 */
export async function findNeglected(pool: Pool): Promise<Neglected> {
  const { rows } = await pool.query<Neglected>({
    name: 'find_neglected',
    text: `SELECT EXISTS (SELECT FROM outbox WHERE overdue_at < now() - interval '1 minute') AS "isOverdue",
                  EXISTS (SELECT FROM outbox WHERE published_at < now() - interval '3 minutes') AS "isLost",
                  EXISTS (SELECT FROM attempts a
                           WHERE a.outcome IS NULL AND a.started_at < now() - interval '2 minutes'
                             AND NOT EXISTS (SELECT FROM processes p
                                              WHERE p.id = a.worker_id AND p.renewed_at > now() - interval '20 s'))
                    AS "isAbandoned"`,
  });
  return rows[0]!;
}
