import type { Pool } from 'pg';

/** What the attempts and the outbox tell about an endpoint. */
export interface EndpointPulse {
  attempts: number;
  succeeded: number;
  waiting: number;
  oldestWaitingAt: Date | null;
}

/** Counted no further: an answer that says "ten thousand" is enough to act on. */
const MAX_WAITING = 10_000;
const MAX_RECENT = 1_000;

/**
 * Bounded, whatever has piled up: the newest thousand attempts by `attempts_by_endpoint`, and what waits by
 * `outbox_due_by_endpoint`, `outbox_blocked_by_endpoint` (behind another of its ordering key) and (what is published)
 * `outbox_published`, which hold the waiting alone. Ids are in the
 * order of acceptance, so the lowest is the oldest.
 */
export const READ_PULSE = `
  WITH recent AS (
    SELECT outcome FROM attempts
     WHERE endpoint_id = $1 AND finished_at IS NOT NULL AND started_at > now() - interval '24 hours'
     ORDER BY started_at DESC LIMIT ${MAX_RECENT}
  ), waiting AS (
    (SELECT notification_id AS id FROM outbox
      WHERE lane IN ('transactional', 'bulk') AND endpoint_id = $1 AND published_at IS NULL AND NOT is_blocked
      LIMIT ${MAX_WAITING})
    UNION ALL
    (SELECT notification_id FROM outbox WHERE endpoint_id = $1 AND is_blocked LIMIT ${MAX_WAITING})
    UNION ALL
    (SELECT notification_id FROM outbox
      WHERE endpoint_id = $1 AND published_at IS NOT NULL AND NOT is_blocked LIMIT ${MAX_WAITING})
  ), oldest AS (
    SELECT id FROM waiting ORDER BY id LIMIT 1
  )
  SELECT (SELECT count(*) FROM recent)::integer AS attempts,
         (SELECT count(*) FROM recent WHERE outcome = 'taken')::integer AS succeeded,
         (SELECT least(count(*), ${MAX_WAITING}) FROM waiting)::integer AS waiting,
         (SELECT created_at FROM notifications WHERE id = (SELECT id FROM oldest)) AS "oldestWaitingAt"`;

export async function readPulse(pool: Pool, endpointId: string): Promise<EndpointPulse> {
  const { rows } = await pool.query<EndpointPulse>(READ_PULSE, [endpointId]);
  return rows[0]!;
}
