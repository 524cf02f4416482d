import type { Pool } from 'pg';

import type { ChannelName, Lane } from '../../domain/channel.js';

/** Counted so far and no further. */
export const MAX_COUNT = 50_000;

export interface LaneState {
  channel: ChannelName;
  lane: Lane;
  /** Due, and no hint is out; at most MAX_COUNT. */
  due: number;
  oldestDueAt: Date | null;
  /** Accepted within the last minute; at most MAX_COUNT over all lanes. */
  accepted: number;
}

export const READ_LANES = `
  WITH lately AS (
    SELECT channel, lane, count(*)::integer AS accepted
      FROM (SELECT channel, lane FROM notifications WHERE id >= $3 ORDER BY id LIMIT ${MAX_COUNT}) n
     GROUP BY channel, lane
  )
  SELECT r.channel, r.lane, d.due, d.oldest AS "oldestDueAt", coalesce(l.accepted, 0) AS accepted
    FROM unnest($1::text[], $2::text[]) AS r (channel, lane)
   CROSS JOIN LATERAL (
     SELECT count(*)::integer AS due, min(available_at) AS oldest FROM (
       (SELECT available_at FROM outbox
         WHERE channel = r.channel AND lane = r.lane AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL
           AND available_at <= now() AND r.channel <> 'webhook'
         LIMIT ${MAX_COUNT})
       UNION ALL
       (SELECT available_at FROM outbox
         WHERE lane = r.lane AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL
           AND available_at <= now() AND r.channel = 'webhook'
         LIMIT ${MAX_COUNT})) rows) d
    LEFT JOIN lately l ON l.channel = r.channel AND l.lane = r.lane`;

/** What waits in each lane, from the relay's own indexes, and what came in lately, from the ids, which are in order of time. */
export async function readLanes(
  pool: Pool,
  lanes: readonly { channel: ChannelName; lane: Lane }[],
  lowestId: string,
): Promise<LaneState[]> {
  const { rows } = await pool.query<LaneState>({
    name: 'read_lanes',
    text: READ_LANES,
    values: [lanes.map((one) => one.channel), lanes.map((one) => one.lane), lowestId],
  });
  return rows;
}
