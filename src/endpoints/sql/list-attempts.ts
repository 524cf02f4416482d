import type { Pool } from 'pg';

import type { AttemptStatus } from '../endpoint.schema.js';

export interface StoredEndpointAttempt {
  notificationId: string;
  number: number;
  type: string;
  /** With microseconds, as the index has it: a cursor made of milliseconds would skip. */
  startedAt: string;
  status: AttemptStatus;
  code: string | null;
  detail: string | null;
  durationMs: number | null;
}

/** Where a page ended. */
export interface AttemptsCursor {
  startedAt: string;
  notificationId: string;
  number: number;
}

export interface AttemptsPageRows {
  rows: StoredEndpointAttempt[];
  /** The last one looked at, when there may be more. */
  next: AttemptsCursor | undefined;
}

/** Attempts looked at for one page, matching or not: what bounds a search for the one failure in a million. */
const MAX_SCANNED = 5_000;

/** Newest first by `attempts_by_endpoint`, which is in this order; the filter is asked of a bounded scan of it. */
const LIST_ATTEMPTS = `
  WITH scanned AS MATERIALIZED (
    SELECT a.notification_id, a.number, a.started_at, a.outcome, a.code, a.detail, a.duration_ms,
           CASE WHEN a.finished_at IS NULL THEN 'in_flight' WHEN a.outcome = 'taken' THEN 'succeeded' ELSE 'failed' END
             AS status
      FROM attempts a
     WHERE a.endpoint_id = $1
       AND ($2::timestamptz IS NULL OR (a.started_at, a.notification_id, a.number) < ($2, $3::uuid, $4::integer))
     ORDER BY a.started_at DESC, a.notification_id DESC, a.number DESC
     LIMIT $5
  ), page AS (
    SELECT * FROM scanned WHERE $6::text IS NULL OR status = $6
     ORDER BY started_at DESC, notification_id DESC, number DESC LIMIT $7
  )
  SELECT p.notification_id AS "notificationId", p.number, n.type, ${exact('p.started_at')} AS "startedAt", p.status,
         p.code, p.detail, p.duration_ms AS "durationMs"
    FROM page p JOIN notifications n ON n.id = p.notification_id
   ORDER BY p.started_at DESC, p.notification_id DESC, p.number DESC`;

const END_OF_SCAN = `
  SELECT a.notification_id AS "notificationId", a.number, ${exact('a.started_at')} AS "startedAt"
    FROM attempts a
   WHERE a.endpoint_id = $1
     AND ($2::timestamptz IS NULL OR (a.started_at, a.notification_id, a.number) < ($2, $3::uuid, $4::integer))
   ORDER BY a.started_at DESC, a.notification_id DESC, a.number DESC
  OFFSET $5 LIMIT 1`;

export async function listAttempts(
  pool: Pool,
  query: {
    endpointId: string;
    status: AttemptStatus | undefined;
    after: AttemptsCursor | undefined;
    limit: number;
  },
): Promise<AttemptsPageRows> {
  const { endpointId, status, after, limit } = query;
  const from = [endpointId, after?.startedAt ?? null, after?.notificationId ?? null, after?.number ?? null];
  const scanned = status === undefined ? limit + 1 : MAX_SCANNED;
  const { rows } = await pool.query<StoredEndpointAttempt>(LIST_ATTEMPTS, [
    ...from,
    scanned,
    status ?? null,
    limit + 1,
  ]);
  if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1] };
  if (status === undefined) return { rows, next: undefined };
  const end = await pool.query<AttemptsCursor>(END_OF_SCAN, [...from, scanned - 1]);
  return { rows, next: end.rows[0] };
}

/** ISO 8601 in UTC with all six digits. A declaration, since the statements above are made with it. */
function exact(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
