import type { Pool } from 'pg';

/**
 * Takes the turn `name` when the last was taken `everyMs` ago or more; answers its number, or undefined when another has it.
 *
 * A time and no advisory lock: a process that is stopped while it holds a lock keeps it as long as its connection lives.
 */
export async function takeTurn(pool: Pool, name: string, everyMs: number): Promise<string | undefined> {
  const { rows } = await pool.query<{ turn: string }>({
    name: 'take_alert_turn',
    text: `INSERT INTO alert_turns AS t (name) VALUES ($1)
           ON CONFLICT (name) DO UPDATE SET turn = t.turn + 1, taken_at = now()
            WHERE t.taken_at <= now() - $2 * interval '1 ms'
           RETURNING turn::text`,
    values: [name, everyMs],
  });
  return rows[0]?.turn;
}
