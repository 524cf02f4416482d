import type { Pool, PoolClient } from 'pg';

import type { Destination, Group } from '../group.js';
import { COUNT_SENDS } from './count-sends.js';

export interface Published {
  id: string;
  dispatch: number;
  endpointId: string | null;
}

/**
 * A row with an ordering key goes only while it is the lowest of its key. Those behind are blocked and not met here; this
 * guards two that were accepted at the same moment, neither of which could see the other.
 */
export const IS_HEAD = `(o.ordering_seq IS NULL OR NOT EXISTS (
                    SELECT FROM ordered mine JOIN ordered ahead USING (ordering_key)
                     WHERE mine.notification_id = o.notification_id AND ahead.seq < mine.seq))`;

/**
 * Marks due rows of one group as published and raises their dispatch number, in one commit, before any job exists.
 *
 * - SKIP LOCKED: several relays share the work without waiting for each other or for a claim.
 * - By state, never by position ("id > last"): ids commit out of order and a position would skip rows for ever.
 * - `= ANY (ARRAY(…))`: one index lookup a row; a join to a CTE is planned as a hash over the whole table.
 * - Order and filter are `outbox_due`'s: the first that is read is the first that goes.
 */
export const PUBLISH_DUE = `
  WITH published AS (
    UPDATE outbox
       SET published_at = clock_timestamp(), queue = $5, dispatch = dispatch + 1
     WHERE notification_id = ANY (ARRAY(
             SELECT o.notification_id
               FROM outbox o
              WHERE o.channel = $1 AND o.lane = $2 AND coalesce(o.provider, '') = $3 AND o.is_retry = $4
                AND o.published_at IS NULL AND NOT o.is_blocked AND o.endpoint_id IS NULL
                AND o.available_at <= now() AND ${IS_HEAD}
              ORDER BY o.available_at, o.notification_id
              LIMIT $6
                FOR UPDATE OF o SKIP LOCKED))
    RETURNING notification_id, dispatch, endpoint_id, is_retry
  ), counted AS (${COUNT_SENDS('$7')})
  SELECT notification_id AS id, dispatch, endpoint_id AS "endpointId" FROM published`;

export async function publishDue(
  db: Pool | PoolClient,
  group: Group,
  { queue, provider }: Destination,
  limit: number,
): Promise<Published[]> {
  const { rows } = await db.query<Published>({
    name: 'publish_due',
    text: PUBLISH_DUE,
    values: [group.channel, group.lane, group.pin, group.isRetry, queue, limit, provider],
  });
  return rows;
}
