import type { Pool } from 'pg';

import type { ChannelName, Lane } from '../../domain/channel.js';

/** Which rows may go to which queue. */
export interface Route {
  channel: ChannelName;
  lane: Lane;
  provider: string;
  /** Whether rows that no provider is prescribed for go here too: true for the channel's first choice. */
  takesUnpinned: boolean;
  queue: string;
  /** One hint at a time: its breaker's time is over, and a single call finds out. */
  isProbe: boolean;
  /** Of webhooks: calls that one endpoint may have in flight. */
  perEndpointConcurrency: number;
}

export interface Published {
  id: string;
  dispatch: number;
  endpointId: string | null;
}

/**
 * Marks due rows as published and raises their dispatch number, in one commit, before any job exists.
 *
 * - SKIP LOCKED: several relays share the work without waiting for each other or for a claim.
 * - By state, never by position ("id > last"): ids commit out of order and a position would skip rows for ever.
 * - `= ANY (ARRAY(…))`: one index lookup a row; a join to a CTE is planned as a hash over the whole table.
 * - Order and filter are `outbox_due`'s. A row with an ordering key goes only while it is the lowest of its key.
 */
const PUBLISH_DUE = `
  UPDATE outbox
     SET published_at = clock_timestamp(), queue = $5, dispatch = dispatch + 1
   WHERE notification_id = ANY (ARRAY(
           SELECT o.notification_id
             FROM outbox o
            WHERE o.channel = $1 AND o.lane = $2 AND o.published_at IS NULL AND o.endpoint_id IS NULL
              AND o.available_at <= now()
              AND (o.provider = $3 OR (o.provider IS NULL AND $4))
              AND (o.ordering_seq IS NULL OR NOT EXISTS (
                    SELECT FROM ordered mine JOIN ordered ahead USING (ordering_key)
                     WHERE mine.notification_id = o.notification_id AND ahead.seq < mine.seq))
            ORDER BY o.available_at, o.notification_id
            LIMIT $6
              FOR UPDATE OF o SKIP LOCKED))
  RETURNING notification_id AS id, dispatch, endpoint_id AS "endpointId"`;

export async function publishDue(pool: Pool, route: Route, limit: number): Promise<Published[]> {
  const { rows } = await pool.query<Published>({
    name: 'publish_due',
    text: PUBLISH_DUE,
    values: [route.channel, route.lane, route.provider, route.takesUnpinned, route.queue, limit],
  });
  return rows;
}
