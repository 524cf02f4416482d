import type { Pool } from 'pg';

import type { Group } from '../group.js';
import { GROUP, MOST_SENDERS, SENDERS_FROM } from './senders.js';

/** Rows of each sender that one look covers: more than one publication takes, so that it meets none that is paused. */
const OF_EACH_SENDER = 1_000;
/** Of each endpoint: more than its window takes at once, for the most part; what is left is met by the worker. */
const OF_EACH_ENDPOINT = 100;

/**
 * Parks those of `looked_at` whose type is paused: out of the relay's order until the type goes on. `ordering_key` goes, as it
 * is kept of what waits behind another of its key, and a parked row was the first of its own.
 */
const PARK = `paused AS MATERIALIZED (
    SELECT n.id FROM notifications n
     WHERE n.id = ANY (ARRAY(SELECT notification_id FROM looked_at)) AND n.type = ANY ($5::text[])
  ), parked AS (
    UPDATE outbox o
       SET is_blocked = true, ordering_key = NULL,
           parked_for = (SELECT n.type FROM notifications n WHERE n.id = o.notification_id)
     WHERE o.notification_id = ANY (ARRAY(
             SELECT waiting.notification_id FROM outbox waiting
              WHERE waiting.notification_id = ANY (ARRAY(SELECT id FROM paused))
                AND waiting.published_at IS NULL AND NOT waiting.is_blocked
                FOR UPDATE SKIP LOCKED))
    RETURNING o.notification_id
  )
  SELECT count(*)::integer AS parked FROM parked`;

/** Email and SMS: the first rows of each sender, in the order in which they would go. */
export const PARK_DUE = `
  WITH RECURSIVE ${SENDERS_FROM('0')}, looked_at AS MATERIALIZED (
    SELECT due.notification_id
      FROM (SELECT sender, available_at FROM found LIMIT ${MOST_SENDERS}) s
      JOIN LATERAL (
        SELECT o.notification_id FROM outbox o
         WHERE ${GROUP} AND o.sender = s.sender AND o.available_at <= now()
         ORDER BY o.available_at, o.notification_id LIMIT ${OF_EACH_SENDER}) due ON true
     WHERE s.available_at <= now()
  ), ${PARK}`;

/** Webhooks: the first rows of each of these endpoints. */
const PARK_DUE_OF_ENDPOINTS = `
  WITH looked_at AS MATERIALIZED (
    SELECT due.notification_id
      FROM unnest($6::uuid[]) AS e (endpoint_id)
      JOIN LATERAL (
        SELECT o.notification_id FROM outbox o
         WHERE $1::text = 'webhook' AND o.lane = $2 AND o.endpoint_id = e.endpoint_id AND coalesce(o.provider, '') = $3
           AND o.is_retry = $4 AND o.published_at IS NULL AND NOT o.is_blocked AND o.available_at <= now()
         ORDER BY o.available_at, o.notification_id LIMIT ${OF_EACH_ENDPOINT}) due ON true
  ), ${PARK}`;

/** How many of the group's first rows were parked. `endpointIds`: of webhooks. */
export async function parkDue(
  pool: Pool,
  { channel, lane, pin, isRetry }: Group,
  types: readonly string[],
  endpointIds: readonly string[],
): Promise<number> {
  const values = [channel, lane, pin, isRetry, types];
  const { rows } = await pool.query<{ parked: number }>(
    channel === 'webhook'
      ? { name: 'park_due_of_endpoints', text: PARK_DUE_OF_ENDPOINTS, values: [...values, endpointIds] }
      : { name: 'park_due', text: PARK_DUE, values },
  );
  return rows[0]!.parked;
}
