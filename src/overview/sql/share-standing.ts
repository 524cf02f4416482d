import type { Pool } from 'pg';

/** What the processes tell each other: as it was read, in plain JSON. */
export interface Shared<T> {
  content: T;
  takenAt: Date;
  /** By the database's clock, milliseconds. */
  ageMs: number;
}

/**
 * Takes the turn to read everything anew, for `forMs`, when the last one is over; false: another has it, or had it lately. A
 * time and no lock: whoever dies in its turn loses it by itself.
 */
export async function takeTurn(pool: Pool, forMs: number): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'take_standing_turn',
    text: `UPDATE standings SET free_at = now() + $1 * interval '1 ms' WHERE free_at <= now()`,
    values: [forMs],
  });
  return rowCount === 1;
}

export async function writeStanding<T>(pool: Pool, content: T): Promise<void> {
  await pool.query({
    name: 'write_standing',
    text: `UPDATE standings SET content = $1, taken_at = now()`,
    values: [JSON.stringify(content)],
  });
}

/** Undefined: nobody has read anything yet. */
export async function readStanding<T>(pool: Pool): Promise<Shared<T> | undefined> {
  const { rows } = await pool.query<Shared<T>>({
    name: 'read_shared_standing',
    text: `SELECT content, taken_at AS "takenAt", (extract(epoch FROM now() - taken_at) * 1000)::float8 AS "ageMs"
             FROM standings WHERE taken_at IS NOT NULL`,
  });
  return rows[0];
}
