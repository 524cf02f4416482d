import type { Pool } from 'pg';

import type { ChannelName, Lane } from '../../domain/channel.js';

export interface WaitingLane {
  channel: ChannelName;
  lane: Lane;
}

/** Since when the oldest has been waiting that could go. */
export interface Oldest extends WaitingLane {
  since: Date;
  ageMs: number;
}

/** Rows of one lane that are looked at for one that could go: the first of them usually can. */
const LOOKED_AT = 100;
/** Endpoints with something due that are looked at. */
const ENDPOINTS = 500;

/** Behind another of its ordering key: that one is what waits. */
const isBehind = (row: string): string => `
  (${row}.ordering_seq IS NOT NULL AND EXISTS (
     SELECT FROM ordered mine JOIN ordered ahead USING (ordering_key)
      WHERE mine.notification_id = ${row}.notification_id AND ahead.seq < mine.seq))`;

/** Email and SMS: the first rows of `outbox_due` in each lane, one look each. */
const OLDEST_OF_LANES = `
  SELECT r.channel, r.lane, w.available_at AS since,
         (extract(epoch FROM now() - w.available_at) * 1000)::float8 AS "ageMs"
    FROM unnest($1::text[], $2::text[]) AS r (channel, lane)
    JOIN LATERAL (
      SELECT c.available_at
        FROM (SELECT available_at, notification_id, provider, ordering_seq FROM outbox
               WHERE channel = r.channel AND lane = r.lane AND published_at IS NULL AND endpoint_id IS NULL
                 AND available_at <= now()
               ORDER BY available_at, notification_id LIMIT ${LOOKED_AT}) c
       WHERE (c.provider IS NULL OR c.provider = ANY ($3::text[])) AND NOT ${isBehind('c')}
       ORDER BY c.available_at LIMIT 1) w ON true`;

/** Webhooks: the first row of each endpoint that is not held, by the same loose scan that the relay uses. */
const OLDEST_OF_ENDPOINTS = `
  WITH RECURSIVE found AS (
    (SELECT lane, endpoint_id, available_at, notification_id, ordering_seq FROM outbox
      WHERE published_at IS NULL AND endpoint_id IS NOT NULL
      ORDER BY lane, endpoint_id, available_at LIMIT 1)
    UNION ALL
    SELECT next.* FROM found, LATERAL (
        SELECT lane, endpoint_id, available_at, notification_id, ordering_seq FROM outbox
         WHERE published_at IS NULL AND endpoint_id IS NOT NULL
           AND (lane, endpoint_id) > (found.lane, found.endpoint_id)
         ORDER BY lane, endpoint_id, available_at LIMIT 1) next
  ), looked_at AS (SELECT * FROM found LIMIT ${ENDPOINTS})
  SELECT 'webhook' AS channel, l.lane, min(l.available_at) AS since,
         (extract(epoch FROM now() - min(l.available_at)) * 1000)::float8 AS "ageMs"
    FROM looked_at l
   WHERE l.available_at <= now() AND l.lane = ANY ($1::text[]) AND l.endpoint_id::text <> ALL ($2::text[])
     AND NOT ${isBehind('l')}
   GROUP BY l.lane`;

/** Of what is due and not published, and behind no gate. `providers`: those that are open, for what is pinned. */
export async function oldestWaiting(
  pool: Pool,
  lanes: readonly WaitingLane[],
  providers: readonly string[],
  heldEndpoints: readonly string[],
): Promise<Oldest[]> {
  const plain = lanes.filter(({ channel }) => channel !== 'webhook');
  const ofWebhooks = lanes.filter(({ channel }) => channel === 'webhook').map(({ lane }) => lane);
  const [rows, hooks] = await Promise.all([
    pool.query<Oldest>({
      name: 'oldest_of_lanes',
      text: OLDEST_OF_LANES,
      values: [plain.map((one) => one.channel), plain.map((one) => one.lane), providers],
    }),
    pool.query<Oldest>({
      name: 'oldest_of_endpoints',
      text: OLDEST_OF_ENDPOINTS,
      values: [ofWebhooks, heldEndpoints],
    }),
  ]);
  return [...rows.rows, ...hooks.rows];
}
