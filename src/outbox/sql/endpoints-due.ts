import type { Pool } from 'pg';

import type { Lane } from '../../domain/channel.js';

/** A group of one endpoint in which something waits. */
export interface EndpointDue {
  lane: Lane;
  endpointId: string;
  pin: string;
  isRetry: boolean;
  /** Until its first may go, milliseconds; negative when it may already. */
  dueMs: number;
}

/** Where a look at the endpoints of a lane goes on. */
export type EndpointCursor = Pick<EndpointDue, 'endpointId' | 'pin' | 'isRetry'>;

/**
 * Webhooks: every group of every endpoint in which something of a lane waits, with its first row, after the cursor, at most
 * `limit`. Lane by lane: ten thousand endpoints with a campaign are no reason to see a code at the next but tenth look.
 *
 * A loose index scan: each step jumps to the next group in `outbox_due_by_endpoint`, so an endpoint with a million rows costs
 * as much as one with a single row.
 */
export const ENDPOINTS_DUE = `
  WITH RECURSIVE found AS (
    (SELECT endpoint_id, coalesce(provider, '') AS pin, is_retry, available_at FROM outbox
      WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL
        AND lane = $1 AND (endpoint_id, coalesce(provider, ''), is_retry) > ($2::uuid, $3, $4)
      ORDER BY endpoint_id, coalesce(provider, ''), is_retry, available_at LIMIT 1)
    UNION ALL
    SELECT next.endpoint_id, next.pin, next.is_retry, next.available_at
      FROM found, LATERAL (
        SELECT endpoint_id, coalesce(provider, '') AS pin, is_retry, available_at FROM outbox
         WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL
           AND lane = $1 AND (endpoint_id, coalesce(provider, ''), is_retry)
                             > (found.endpoint_id, found.pin, found.is_retry)
         ORDER BY endpoint_id, coalesce(provider, ''), is_retry, available_at LIMIT 1) next
  )
  SELECT $1 AS lane, endpoint_id AS "endpointId", pin, is_retry AS "isRetry",
         (extract(epoch FROM available_at - clock_timestamp()) * 1000)::float8 AS "dueMs"
    FROM found LIMIT $5`;

export async function endpointsDue(
  pool: Pool,
  lane: Lane,
  cursor: EndpointCursor,
  limit: number,
): Promise<EndpointDue[]> {
  const { rows } = await pool.query<EndpointDue>({
    name: 'endpoints_due',
    text: ENDPOINTS_DUE,
    values: [lane, cursor.endpointId, cursor.pin, cursor.isRetry, limit],
  });
  return rows;
}
