import type { Pool } from 'pg';

import type { Group } from '../group.js';

/** Until the first of a group may go, milliseconds; negative when it may already. */
export interface NextDue extends Group {
  dueMs: number;
}

/** Email and SMS: the first entry of `outbox_due` for each group that is asked for, one look each. */
export const NEXT_DUE = `
  SELECT g.channel, g.lane, g.pin, g.is_retry AS "isRetry",
         (extract(epoch FROM due.available_at - clock_timestamp()) * 1000)::float8 AS "dueMs"
    FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS g (channel, lane, pin, is_retry)
    JOIN LATERAL (
      SELECT available_at FROM outbox o
       WHERE o.channel = g.channel AND o.lane = g.lane AND coalesce(o.provider, '') = g.pin AND o.is_retry = g.is_retry
         AND o.published_at IS NULL AND NOT o.is_blocked AND o.endpoint_id IS NULL
       ORDER BY available_at LIMIT 1) due ON true`;

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
