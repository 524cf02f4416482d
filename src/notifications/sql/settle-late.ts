import type { Pool } from 'pg';

import { isUndelivered } from '../../domain/status.js';
import type { AttemptRecord } from './record-outcomes.js';

/** The class and code under which upkeep closes the attempts of a worker that was given up. */
export const WORKER_LOST = 'worker_lost';

/**
 * The late word of a worker that was given up, or of one whose first answer was lost on the way.
 *
 * It completes its attempt in any case. It settles the notification only if that is still in doubt at the same dispatch,
 * or still waits for the retry of it (then the waiting row is deleted, which is the right to do so); a retry that has
 * begun, or a person's word, stands. Rare, so it is a plain transaction of small steps.
 */
export async function settleLate(pool: Pool, record: AttemptRecord): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const completed = await client.query(
      `UPDATE attempts SET outcome = $3, class = $4, code = $5, detail = $6, duration_ms = $7, finished_at = now()
        WHERE notification_id = $1 AND number = $2 AND (outcome IS NULL OR (outcome = 'in_doubt' AND code = $8))`,
      [
        record.id,
        record.attempt,
        record.outcome.kind,
        record.outcome.kind === 'taken' ? null : record.outcome.class,
        record.outcome.code,
        record.outcome.detail,
        Math.round(record.durationMs),
        WORKER_LOST,
      ],
    );
    const isSettled = completed.rowCount === 1 && isFinal(record) && (await settle(client, record));
    await client.query('COMMIT');
    client.release();
    return isSettled;
  } catch (error) {
    // A connection that broke is not handed to the next caller.
    client.release(true);
    throw error;
  }
}

/** A late "try again" adds nothing to a retry that already waits, or to a doubt that a person may be looking at. */
const isFinal = ({ next }: AttemptRecord): boolean =>
  next.status !== 'retrying' && next.status !== 'in_doubt';

async function settle(client: { query: Pool['query'] }, record: AttemptRecord): Promise<boolean> {
  const { id, dispatch, next, outcome } = record;
  const waiting = await client.query(
    `DELETE FROM outbox WHERE notification_id = $1 AND dispatch = $2 AND published_at IS NULL`,
    [id, dispatch],
  );
  const providerMessageId = outcome.kind === 'taken' ? (outcome.providerMessageId ?? null) : null;
  const moved = await client.query<{ type: string; channel: string; provider: string }>(
    `UPDATE notifications SET status = $3, reason = $4, updated_at = now(),
            provider_message_id = coalesce($5, provider_message_id)
      WHERE id = $1 AND dispatch = $2 AND status = $6
      RETURNING type, channel, provider`,
    [
      id,
      dispatch,
      next.status,
      next.reason,
      providerMessageId,
      waiting.rowCount === 1 ? 'retrying' : 'in_doubt',
    ],
  );
  const row = moved.rows[0];
  if (!row) return false;
  await client.query(`DELETE FROM undelivered WHERE notification_id = $1`, [id]);
  await client.query(`DELETE FROM ordered WHERE notification_id = $1`, [id]);
  if (isUndelivered(next.status)) {
    const failure =
      outcome.kind === 'taken'
        ? [null, outcome.code, outcome.detail]
        : [outcome.class, outcome.code, outcome.detail];
    await client.query(
      `INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, next.status, row.type, row.channel, row.provider, ...failure],
    );
  }
  return true;
}
