import type { Pool, PoolClient } from 'pg';

/**
 * Takes the turn `name` for `forMs`, when the last one is over; answers its number, or undefined when another has it.
 *
 * A time and no advisory lock: a process that is stopped while it holds a lock keeps it as long as its connection lives.
 */
export async function takeTurn(pool: Pool, name: string, forMs: number): Promise<string | undefined> {
  const { rows } = await pool.query<{ turn: string }>({
    name: 'take_alert_turn',
    text: `INSERT INTO alert_turns AS t (name, free_at) VALUES ($1, now() + $2 * interval '1 ms')
           ON CONFLICT (name) DO UPDATE SET turn = t.turn + 1, free_at = excluded.free_at WHERE t.free_at <= now()
           RETURNING turn::text`,
    values: [name, forMs],
  });
  return rows[0]?.turn;
}

/** Ends a turn early: it is free again in `freeInMs`. False when it is over already, and what was seen in it with it. */
export async function endTurn(
  tx: PoolClient,
  { name, number }: { name: string; number: string },
  freeInMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'end_alert_turn',
    text: `UPDATE alert_turns SET free_at = now() + $3 * interval '1 ms'
            WHERE name = $1 AND turn = $2 AND free_at > now()`,
    values: [name, number, freeInMs],
  });
  return rowCount === 1;
}
