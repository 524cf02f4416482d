import type { Pool } from 'pg';

import type { Group } from '../group.js';

/** Until the first of a group may go, milliseconds; negative when it may already. */
export interface NextDue extends Group {
  dueMs: number;
}

/** A row of `outbox_due` in the group `g`. */
const OF_GROUP = `o.channel = g.channel AND o.lane = g.lane AND coalesce(o.provider, '') = g.pin AND o.is_retry = g.is_retry
           AND o.published_at IS NULL AND NOT o.is_blocked AND o.endpoint_id IS NULL`;

/**
 * Email and SMS: the earliest of each group that is asked for. A loose scan of `outbox_due` from sender to sender, one look
 * each; it ends with the first that may go now, since nothing is earlier than that for the relay.
 */
export const NEXT_DUE = `
  SELECT g.channel, g.lane, g.pin, g.is_retry AS "isRetry",
         (extract(epoch FROM due.available_at - clock_timestamp()) * 1000)::float8 AS "dueMs"
    FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS g (channel, lane, pin, is_retry)
   CROSS JOIN LATERAL (
     WITH RECURSIVE found AS (
       (SELECT o.sender, o.available_at FROM outbox o WHERE ${OF_GROUP} ORDER BY o.sender, o.available_at LIMIT 1)
       UNION ALL
       SELECT next.sender, next.available_at
         FROM found, LATERAL (
           SELECT o.sender, o.available_at FROM outbox o
            WHERE ${OF_GROUP} AND o.sender > found.sender ORDER BY o.sender, o.available_at LIMIT 1) next
        WHERE found.available_at > now()
     )
     SELECT min(available_at) AS available_at FROM found) due
   WHERE due.available_at IS NOT NULL`;

/** Answers the groups in which something waits. */
export async function nextDue(pool: Pool, groups: readonly Group[]): Promise<NextDue[]> {
  const { rows } = await pool.query<NextDue>({
    name: 'next_due',
    text: NEXT_DUE,
    values: [
      groups.map((one) => one.channel),
      groups.map((one) => one.lane),
      groups.map((one) => one.pin),
      groups.map((one) => one.isRetry),
    ],
  });
  return rows;
}
