import type { Pool } from 'pg';

import type { Route } from './publish-due.js';

/** One queue's state: what it holds, and what waits for it. */
export interface QueueState {
  queue: string;
  /** Published and not yet claimed. */
  count: number;
  /** How long the oldest of those has been out, milliseconds. */
  oldestMs: number;
  /** Until the first that waits may go, milliseconds, negative when it may already; null: nothing waits. */
  dueMs: number | null;
}

/**
 * All a relay needs to know before it acts, in one question: `outbox_published` holds no more than the windows, and
 * `outbox_due` answers each queue's next row with one look at its first entry.
 */
const SURVEY = `
  WITH windows AS (
    SELECT queue, count(*)::integer AS count, min(published_at) AS oldest
      FROM outbox WHERE published_at IS NOT NULL GROUP BY queue
  )
  SELECT r.queue, coalesce(w.count, 0) AS count,
         coalesce(extract(epoch FROM clock_timestamp() - w.oldest) * 1000, 0)::float8 AS "oldestMs",
         (extract(epoch FROM due.available_at - clock_timestamp()) * 1000)::float8 AS "dueMs"
    FROM unnest($1::text[], $2::text[], $3::text[]) AS r (queue, channel, lane)
    LEFT JOIN windows w ON w.queue = r.queue
    LEFT JOIN LATERAL (
      SELECT available_at FROM outbox
       WHERE channel = r.channel AND lane = r.lane AND published_at IS NULL
       ORDER BY available_at LIMIT 1) due ON true`;

export async function survey(pool: Pool, routes: readonly Route[]): Promise<Map<string, QueueState>> {
  const { rows } = await pool.query<QueueState>({
    name: 'survey',
    text: SURVEY,
    values: [routes.map((r) => r.queue), routes.map((r) => r.channel), routes.map((r) => r.lane)],
  });
  return new Map(rows.map((row) => [row.queue, row]));
}
