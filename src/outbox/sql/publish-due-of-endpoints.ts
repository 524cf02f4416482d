import type { Pool } from 'pg';

import type { Published, Route } from './publish-due.js';

/** How many of one endpoint's rows may go out now. */
export interface EndpointRoom {
  endpointId: string;
  room: number;
}

/**
 * As publish-due, for webhooks: each endpoint's own first rows, as many as it has room for. So an endpoint with a long
 * backlog is looked at no further than its room, and takes nobody else's.
 */
const PUBLISH_DUE_OF_ENDPOINTS = `
  UPDATE outbox
     SET published_at = clock_timestamp(), queue = $4, dispatch = dispatch + 1
   WHERE notification_id = ANY (ARRAY(
           SELECT due.notification_id
             FROM unnest($5::uuid[], $6::integer[]) AS e (endpoint_id, room)
             JOIN LATERAL (
               SELECT o.notification_id
                 FROM outbox o
                WHERE o.lane = $1 AND o.endpoint_id = e.endpoint_id AND o.published_at IS NULL AND o.available_at <= now()
                  AND (o.provider = $2 OR (o.provider IS NULL AND $3))
                  AND (o.ordering_seq IS NULL OR NOT EXISTS (
                        SELECT FROM ordered mine JOIN ordered ahead USING (ordering_key)
                         WHERE mine.notification_id = o.notification_id AND ahead.seq < mine.seq))
                ORDER BY o.available_at, o.notification_id
                LIMIT e.room
                  FOR UPDATE OF o SKIP LOCKED) due ON true))
  RETURNING notification_id AS id, dispatch, endpoint_id AS "endpointId"`;

export async function publishDueOfEndpoints(
  pool: Pool,
  route: Route,
  rooms: readonly EndpointRoom[],
): Promise<Published[]> {
  const { rows } = await pool.query<Published>({
    name: 'publish_due_of_endpoints',
    text: PUBLISH_DUE_OF_ENDPOINTS,
    values: [
      route.lane,
      route.provider,
      route.takesUnpinned,
      route.queue,
      rooms.map((one) => one.endpointId),
      rooms.map((one) => one.room),
    ],
  });
  return rows;
}
