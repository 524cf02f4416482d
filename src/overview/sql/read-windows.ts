import type { Pool } from 'pg';

export interface QueueState {
  queue: string;
  /** Hints that are out and not yet claimed. */
  published: number;
  oldestPublishedAt: Date;
}

/** From `outbox_published`, which holds no more than the windows. */
export async function readWindows(pool: Pool): Promise<QueueState[]> {
  const { rows } = await pool.query<QueueState>({
    name: 'read_windows',
    text: `SELECT queue, count(*)::integer AS published, min(published_at) AS "oldestPublishedAt"
             FROM outbox WHERE published_at IS NOT NULL GROUP BY queue`,
  });
  return rows;
}
