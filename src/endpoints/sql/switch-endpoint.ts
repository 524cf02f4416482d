import type { PoolClient } from 'pg';

import type { DisabledReason } from '../endpoint.entity.js';

/** When, and whose it is, if this call switched it off; undefined when it was off already, or is gone. */
export async function switchOff(
  tx: PoolClient,
  id: string,
  reason: DisabledReason,
): Promise<{ at: Date; recipient: string | null } | undefined> {
  const { rows } = await tx.query<{ at: Date; recipient: string | null }>(
    `UPDATE endpoints SET enabled = false, disabled_at = now(), disabled_reason = $2, updated_at = now()
      WHERE id = $1 AND enabled
     RETURNING disabled_at AS at, recipient`,
    [id, reason],
  );
  return rows[0];
}

/** Whether this call switched it on. It begins anew: what failed before is no evidence against it any more. */
export async function switchOn(tx: PoolClient, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE endpoints
        SET enabled = true, disabled_at = NULL, disabled_reason = NULL, failing_since = NULL, judged_from = now(),
            updated_at = now()
      WHERE id = $1 AND NOT enabled`,
    [id],
  );
  return rowCount === 1;
}

/**
 * Locks an endpoint against which this attempt is evidence; false when it was begun before the endpoint's URL changed or
 * before it was switched on: then it speaks of something that is no more.
 */
export async function lockAccused(
  tx: PoolClient,
  id: string,
  attempt: { notificationId: string; number: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `SELECT FROM endpoints e JOIN attempts a ON a.notification_id = $2 AND a.number = $3
      WHERE e.id = $1 AND e.enabled AND a.started_at >= e.judged_from
        FOR UPDATE OF e`,
    [id, attempt.notificationId, attempt.number],
  );
  return rowCount === 1;
}
