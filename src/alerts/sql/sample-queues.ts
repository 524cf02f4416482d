import type { Pool } from 'pg';

import type { WaitingLane } from './oldest-waiting.js';

/** Counted so far and no further: by then its age says it all. */
export const MAX_DEPTH = 50_000;

export const SAMPLE_QUEUES = `
  WITH old AS (DELETE FROM queue_samples WHERE at < now() - interval '1 hour')
  INSERT INTO queue_samples (channel, lane, due)
  SELECT r.channel, r.lane, d.due
    FROM unnest($1::text[], $2::text[]) AS r (channel, lane)
   CROSS JOIN LATERAL (
     SELECT count(*)::integer AS due FROM (
       SELECT FROM outbox
        WHERE channel = r.channel AND lane = r.lane AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL
          AND available_at <= now() AND r.channel <> 'webhook'
       UNION ALL
       SELECT FROM outbox
        WHERE lane = r.lane AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL
          AND available_at <= now() AND r.channel = 'webhook'
       LIMIT ${MAX_DEPTH}) rows) d
  ON CONFLICT DO NOTHING`;

/** Counts what is due in each lane, from the relay's own indexes, and forgets what is older than an hour. */
export async function sampleQueues(pool: Pool, lanes: readonly WaitingLane[]): Promise<void> {
  await pool.query({
    name: 'sample_queues',
    text: SAMPLE_QUEUES,
    values: [lanes.map((one) => one.channel), lanes.map((one) => one.lane)],
  });
}

export interface Trend extends WaitingLane {
  samples: number;
  first: number;
  last: number;
  /** Whether no sample is smaller than the one before it. */
  isRising: boolean;
  /** Between the first and the last sample, milliseconds. */
  spanMs: number;
}

/** How each lane went over the last `spanMs`. */
export async function readTrends(pool: Pool, spanMs: number): Promise<Trend[]> {
  const { rows } = await pool.query<Trend>({
    name: 'read_trends',
    text: `SELECT channel, lane, count(*)::integer AS samples, min(first) AS first, min(last) AS last,
                  bool_and(due >= before) AS "isRising",
                  (extract(epoch FROM max(at) - min(at)) * 1000)::float8 AS "spanMs"
             FROM (SELECT channel, lane, at, due, coalesce(lag(due) OVER w, 0) AS before,
                          first_value(due) OVER w AS first,
                          last_value(due) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last
                     FROM queue_samples WHERE at > now() - $1 * interval '1 ms'
                   WINDOW w AS (PARTITION BY channel, lane ORDER BY at)) samples
            GROUP BY channel, lane`,
    values: [spanMs],
  });
  return rows;
}
