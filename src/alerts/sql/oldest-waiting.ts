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

/** Rows of one group that are looked at for one that could go: the first of them usually can. */
const LOOKED_AT = 100;
/** Senders of one group that are looked at. */
const SENDERS = 100;
/** Groups of endpoints with something due that are looked at, in all lanes together. */
const GROUPS = 500;

/** Behind another of its ordering key: that one is what waits. OFFSET 0: asked row by row, as IS_HEAD in publish-due. */
const isBehind = (row: string): string => `
  (${row}.ordering_seq IS NOT NULL AND EXISTS (
     SELECT FROM ordered mine JOIN ordered ahead USING (ordering_key)
      WHERE mine.notification_id = ${row}.notification_id AND ahead.seq < mine.seq OFFSET 0))`;

/** Rows of `outbox_due` in one group. */
const OF_GROUP = `channel = r.channel AND lane = r.lane AND coalesce(provider, '') = p.pin AND is_retry = k.is_retry
                 AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL`;

/** Email and SMS: the first rows of each sender of a group, as the relay asks for them: a loose scan, one look each. */
export const OLDEST_OF_LANES = `
  SELECT r.channel, r.lane, min(w.available_at) AS since,
         (extract(epoch FROM now() - min(w.available_at)) * 1000)::float8 AS "ageMs"
    FROM unnest($1::text[], $2::text[]) AS r (channel, lane)
   CROSS JOIN unnest(array_append($3::text[], '')) AS p (pin)
   CROSS JOIN (VALUES (false), (true)) AS k (is_retry)
   CROSS JOIN LATERAL (
     WITH RECURSIVE senders AS (
       (SELECT sender FROM outbox WHERE ${OF_GROUP} ORDER BY sender LIMIT 1)
       UNION ALL
       SELECT next.sender FROM senders, LATERAL (
         SELECT sender FROM outbox WHERE ${OF_GROUP} AND sender > senders.sender ORDER BY sender LIMIT 1) next
     )
     SELECT sender FROM senders LIMIT ${SENDERS}) s
    JOIN LATERAL (
      SELECT c.available_at
        FROM (SELECT available_at, notification_id, ordering_seq FROM outbox
               WHERE ${OF_GROUP} AND sender = s.sender AND available_at <= now()
               ORDER BY available_at, notification_id LIMIT ${LOOKED_AT}) c
       WHERE NOT ${isBehind('c')}
       ORDER BY c.available_at LIMIT 1) w ON true
   GROUP BY r.channel, r.lane`;

/**
 * Webhooks: the first row of each group of each endpoint that is not held, by the same loose scan of `outbox_due_by_endpoint`
 * that the relay uses; lane by lane, so that a crowd in one hides nobody in another.
 */
export const OLDEST_OF_ENDPOINTS = `
  WITH RECURSIVE found AS (
    SELECT first.* FROM unnest($1::text[]) AS r (lane), LATERAL (
        SELECT lane, endpoint_id, coalesce(provider, '') AS pin, is_retry, available_at, notification_id, ordering_seq
          FROM outbox
         WHERE lane = r.lane AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL
         ORDER BY endpoint_id, coalesce(provider, ''), is_retry, available_at LIMIT 1) first
    UNION ALL
    SELECT next.* FROM found, LATERAL (
        SELECT lane, endpoint_id, coalesce(provider, '') AS pin, is_retry, available_at, notification_id, ordering_seq
          FROM outbox
         WHERE lane = found.lane AND published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL
           AND (endpoint_id, coalesce(provider, ''), is_retry) > (found.endpoint_id, found.pin, found.is_retry)
         ORDER BY endpoint_id, coalesce(provider, ''), is_retry, available_at LIMIT 1) next
  ), looked_at AS (SELECT * FROM found LIMIT ${GROUPS})
  SELECT 'webhook' AS channel, l.lane, min(l.available_at) AS since,
         (extract(epoch FROM now() - min(l.available_at)) * 1000)::float8 AS "ageMs"
    FROM looked_at l
   WHERE l.available_at <= now() AND l.endpoint_id::text <> ALL ($2::text[]) AND NOT ${isBehind('l')}
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
