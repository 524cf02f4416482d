import type { Pool, PoolClient } from 'pg';

/** What is published and not yet claimed: of a queue, or of one endpoint in it. */
export interface WindowState {
  count: number;
  /** How long the oldest of them has been out, milliseconds. */
  oldestMs: number;
}

export interface QueueWindow extends WindowState {
  /** By endpoint; empty for queues that are not of webhooks. */
  endpoints: ReadonlyMap<string, WindowState>;
}

interface Row extends WindowState {
  queue: string;
  endpointId: string | null;
}

/** Read from `outbox_published` alone, which holds no more than the windows. */
export async function publishedWindows(pool: Pool | PoolClient): Promise<ReadonlyMap<string, QueueWindow>> {
  const { rows } = await pool.query<Row>({
    name: 'published_windows',
    text: `SELECT queue, endpoint_id AS "endpointId", count(*)::integer AS count,
                  (extract(epoch FROM clock_timestamp() - min(published_at)) * 1000)::float8 AS "oldestMs"
             FROM outbox WHERE published_at IS NOT NULL GROUP BY queue, endpoint_id`,
  });
  const queues = new Map<string, QueueWindow & { endpoints: Map<string, WindowState> }>();
  for (const { queue, endpointId, count, oldestMs } of rows) {
    const window = queues.get(queue) ?? { count: 0, oldestMs: 0, endpoints: new Map() };
    window.count += count;
    window.oldestMs = Math.max(window.oldestMs, oldestMs);
    if (endpointId !== null) window.endpoints.set(endpointId, { count, oldestMs });
    queues.set(queue, window);
  }
  return queues;
}
