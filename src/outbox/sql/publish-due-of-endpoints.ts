import type { Pool, PoolClient } from 'pg';

import type { Destination, Group } from '../group.js';
import { COUNT_SENDS, PRESENT_SLOT } from './count-sends.js';
import { IS_HEAD, type Published, WAITS_FOR_NO_DISK } from './publish-due.js';

/** How many of one endpoint's rows may go out now. */
export interface EndpointRoom {
  endpointId: string;
  room: number;
}

/**
 * As publish-due, for webhooks: each endpoint's own first rows, as many as it has room for. So an endpoint with a long
 * backlog is looked at no further than its room, and takes nobody else's. Retries are counted by endpoint as well, in the
 * order of the endpoints' ids: two relays wait for each other and never deadlock.
 */
export const PUBLISH_DUE_OF_ENDPOINTS = `
  WITH published AS (
    UPDATE outbox
       SET published_at = clock_timestamp(), queue = $4, dispatch = dispatch + 1
     WHERE notification_id = ANY (ARRAY(
             SELECT due.notification_id
               FROM unnest($5::uuid[], $6::integer[]) AS e (endpoint_id, room)
               JOIN LATERAL (
                 SELECT o.notification_id
                   FROM outbox o
                  WHERE o.lane = $1 AND o.endpoint_id = e.endpoint_id AND coalesce(o.provider, '') = $2 AND o.is_retry = $3
                    AND o.published_at IS NULL AND NOT o.is_blocked AND o.available_at <= now() AND ${IS_HEAD}
                  ORDER BY o.available_at, o.notification_id
                  LIMIT e.room
                    FOR UPDATE OF o SKIP LOCKED) due ON true))
    RETURNING notification_id, dispatch, endpoint_id, is_retry, sender
  ), counted AS (${COUNT_SENDS('$7')}
  ), counted_by_endpoint AS (
    INSERT INTO sends AS s (kind, key, slot, retries)
    SELECT 'endpoint', endpoint_id::text, ${PRESENT_SLOT}, count(*)
      FROM published WHERE is_retry GROUP BY endpoint_id ORDER BY endpoint_id
    ON CONFLICT (kind, key, slot) DO UPDATE SET retries = s.retries + excluded.retries
  )
  SELECT notification_id AS id, dispatch, endpoint_id AS "endpointId", sender, ${WAITS_FOR_NO_DISK('$8')}
    FROM published`;

export async function publishDueOfEndpoints(
  db: Pool | PoolClient,
  group: Group,
  { queue, provider }: Destination,
  rooms: readonly EndpointRoom[],
  isLosable: boolean,
): Promise<Published[]> {
  const { rows } = await db.query<Published & { disk: string | null }>({
    name: 'publish_due_of_endpoints',
    text: PUBLISH_DUE_OF_ENDPOINTS,
    values: [
      group.lane,
      group.pin,
      group.isRetry,
      queue,
      rooms.map((one) => one.endpointId),
      rooms.map((one) => one.room),
      provider,
      isLosable,
    ],
  });
  return rows.map(({ disk: _, ...one }) => one);
}
