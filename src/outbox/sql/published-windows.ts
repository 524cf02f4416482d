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

const COUNT = `SELECT queue, endpoint_id AS "endpointId", count(*)::integer AS count,
                      (extract(epoch FROM clock_timestamp() - min(published_at)) * 1000)::float8 AS "oldestMs"
                 FROM outbox WHERE published_at IS NOT NULL`;
const BY_ENDPOINT = 'GROUP BY queue, endpoint_id';
const OF_ALL = { name: 'published_windows', text: `${COUNT} ${BY_ENDPOINT}` };
const OF_QUEUES = {
  name: 'published_windows_of',
  text: `${COUNT} AND queue = ANY ($1::text[]) ${BY_ENDPOINT}`,
};

/** Read from `outbox_published` alone, which holds no more than the windows: each hint is counted. `queues`: of these alone. */
export async function publishedWindows(
  pool: Pool | PoolClient,
  queues?: readonly string[],
): Promise<ReadonlyMap<string, QueueWindow>> {
  const { rows } = await pool.query<Row>(queues ? { ...OF_QUEUES, values: [queues] } : OF_ALL);
  const windows = new Map<string, QueueWindow & { endpoints: Map<string, WindowState> }>();
  for (const { queue, endpointId, count, oldestMs } of rows) {
    const window = windows.get(queue) ?? { count: 0, oldestMs: 0, endpoints: new Map() };
    window.count += count;
    window.oldestMs = Math.max(window.oldestMs, oldestMs);
    if (endpointId !== null) window.endpoints.set(endpointId, { count, oldestMs });
    windows.set(queue, window);
  }
  return windows;
}
