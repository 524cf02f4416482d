import type { Pool } from 'pg';

export interface QueueMovement {
  queue: string;
  /** Hints that are out. */
  published: number;
  /** Since when the oldest of them has been waiting to go, milliseconds. */
  oldestMs: number;
  /** Since the last was published, milliseconds. */
  lastMs: number;
}

/** How each queue moves, from the rows whose hints are out: `outbox_published` holds no more than the windows. */
export async function readMovement(pool: Pool): Promise<QueueMovement[]> {
  const { rows } = await pool.query<QueueMovement>({
    name: 'read_movement',
    text: `SELECT queue, count(*)::integer AS published,
                  (extract(epoch FROM now() - min(available_at)) * 1000)::float8 AS "oldestMs",
                  (extract(epoch FROM now() - max(published_at)) * 1000)::float8 AS "lastMs"
             FROM outbox WHERE published_at IS NOT NULL GROUP BY queue`,
  });
  return rows;
}

export interface LiveProcesses {
  relays: number;
  workers: number;
}

/** Processes with a sign of life within their lease (20 s), by what they do. */
export async function countLive(pool: Pool): Promise<LiveProcesses> {
  const { rows } = await pool.query<LiveProcesses>({
    name: 'count_live',
    text: `SELECT count(*) FILTER (WHERE 'relay' = ANY (roles))::integer AS relays,
                  count(*) FILTER (WHERE 'worker' = ANY (roles))::integer AS workers
             FROM processes WHERE renewed_at > now() - interval '20 s'`,
  });
  return rows[0]!;
}
