import type { Pool } from 'pg';

import type { Lane } from '../../domain/channel.js';

/** Until the first that waits in this channel and lane may go, milliseconds; negative when it may already. */
export interface NextDue {
  channel: string;
  lane: Lane;
  dueMs: number;
}

/** Email and SMS: the first entry of `outbox_due` for each, one look each. */
export async function nextDue(
  pool: Pool,
  lanes: readonly { channel: string; lane: Lane }[],
): Promise<NextDue[]> {
  const { rows } = await pool.query<NextDue>({
    name: 'next_due',
    text: `SELECT r.channel, r.lane,
                  (extract(epoch FROM due.available_at - clock_timestamp()) * 1000)::float8 AS "dueMs"
             FROM unnest($1::text[], $2::text[]) AS r (channel, lane)
             JOIN LATERAL (
               SELECT available_at FROM outbox
                WHERE channel = r.channel AND lane = r.lane AND published_at IS NULL AND endpoint_id IS NULL
                ORDER BY available_at LIMIT 1) due ON true`,
    values: [lanes.map((one) => one.channel), lanes.map((one) => one.lane)],
  });
  return rows;
}

/** An endpoint for which something waits. */
export interface EndpointDue {
  lane: Lane;
  endpointId: string;
  dueMs: number;
}

/** Where a look at the endpoints goes on. */
export interface EndpointCursor {
  lane: string;
  endpointId: string;
}

/**
 * Webhooks: every endpoint for which something waits, with its first row, after `cursor`, at most `limit`.
 *
 * A loose index scan: each step jumps to the next endpoint in `outbox_due_by_endpoint`, so an endpoint with a million rows
 * costs as much as one with a single row.
 */
const ENDPOINTS_DUE = `
  WITH RECURSIVE found AS (
    (SELECT lane, endpoint_id, available_at FROM outbox
      WHERE published_at IS NULL AND endpoint_id IS NOT NULL AND (lane, endpoint_id) > ($1, $2::uuid)
      ORDER BY lane, endpoint_id, available_at LIMIT 1)
    UNION ALL
    SELECT next.lane, next.endpoint_id, next.available_at
      FROM found, LATERAL (
        SELECT lane, endpoint_id, available_at FROM outbox
         WHERE published_at IS NULL AND endpoint_id IS NOT NULL
           AND (lane, endpoint_id) > (found.lane, found.endpoint_id)
         ORDER BY lane, endpoint_id, available_at LIMIT 1) next
  )
  SELECT lane, endpoint_id AS "endpointId",
         (extract(epoch FROM available_at - clock_timestamp()) * 1000)::float8 AS "dueMs"
    FROM found LIMIT $3`;

export async function endpointsDue(
  pool: Pool,
  cursor: EndpointCursor,
  limit: number,
): Promise<EndpointDue[]> {
  const { rows } = await pool.query<EndpointDue>({
    name: 'endpoints_due',
    text: ENDPOINTS_DUE,
    values: [cursor.lane, cursor.endpointId, limit],
  });
  return rows;
}
