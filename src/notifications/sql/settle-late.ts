import type { Pool, PoolClient } from 'pg';

import { isUndelivered } from '../../domain/status.js';
import { tellOf } from '../../own-events/telling.js';
import { addDrafts } from '../../suppressions/add-drafts.js';
import { DOUBTFUL_PROVIDER } from './doubtful-provider.js';
import { KIND_AFTER } from './kind-after.js';
import { type AttemptRecord, classOf } from './record-outcomes.js';

/** The class and code under which upkeep closes the attempts of a worker that was given up. */
export const WORKER_LOST = 'worker_lost';

/**
 * The late word of a worker that was given up, or of one whose first answer was lost on the way.
 *
 * It completes its attempt in any case. It settles the notification while that is still in doubt and has had no later attempt,
 * or still waits for the retry of it: `dispatch` of one that waits changes only with a claim, so no retry has begun. One that
 * time has parked meanwhile has the number of its last publication, so it is known by its attempts. A word
 * that nothing was sent, or "not now", ends the doubt by a retry; one that already waits is left as it is. What a person
 * has said stands. Rare, so it is a plain transaction of small steps.
 */
export async function settleLate(pool: Pool, record: AttemptRecord): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const completed = await client.query(
      `UPDATE attempts SET outcome = $3, class = $4, code = $5, detail = $6, duration_ms = $7, finished_at = now(),
              content_digest = coalesce(decode($9, 'hex'), content_digest)
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
        record.contentDigest ?? null,
      ],
    );
    if (completed.rowCount === 1) await keepProviderMessage(client, record);
    const isSettled = completed.rowCount === 1 && (await settle(client, record));
    if (completed.rowCount === 1 && record.suppression) await addDrafts(client, [record.suppression]);
    await client.query('COMMIT');
    client.release();
    return isSettled;
  } catch (error) {
    // A connection that broke is not handed to the next caller.
    client.release(true);
    throw error;
  }
}

/** Where a receipt finds it, as a timely outcome keeps it. */
async function keepProviderMessage(client: PoolClient, record: AttemptRecord): Promise<void> {
  const { id, attempt, outcome, awaitsReceipt } = record;
  if (outcome.kind !== 'taken' || outcome.providerMessageId === undefined || awaitsReceipt !== true) return;
  await client.query(
    `INSERT INTO provider_messages (provider, provider_message_id, notification_id)
     SELECT provider, $3, notification_id FROM attempts WHERE notification_id = $1 AND number = $2
     ON CONFLICT DO NOTHING`,
    [id, attempt, outcome.providerMessageId],
  );
}

interface Moved {
  type: string;
  channel: string;
  lane: string;
  provider: string;
  endpoint_id: string | null;
  overdue_at: Date;
  ordering_seq: string | null;
  dispatch: number;
  tries: number;
}

const MOVE = `
  WITH moved AS (
    UPDATE notifications n SET status = $3, reason = $4, updated_at = now(), dispatch = greatest(n.dispatch, $11),
           provider_message_id = coalesce($5, provider_message_id), tries = tries - $7::integer,
           deadline_at = deadline_at + $8 * interval '1 ms'
     WHERE id = $1 AND attempts = $2 AND status = $6
    RETURNING id, type, channel, lane, provider, endpoint_id, least(expires_at, deadline_at) AS overdue_at,
              (SELECT seq FROM ordered o WHERE o.notification_id = n.id) AS ordering_seq, status, dispatch, attempts, tries
  ), told AS (${tellOf('(SELECT *, $9::text AS code, $10::text AS class FROM moved) AS ended')}
  )
  SELECT * FROM moved`;

async function settle(client: PoolClient, record: AttemptRecord): Promise<boolean> {
  const { next } = record;
  if (next.status === 'in_doubt') return false; // it is, or its retry waits
  const isAgain = next.status === 'retrying';
  const waitedAs = isAgain ? undefined : await takeWaiting(client, record);
  if (waitedAs !== undefined) return move(client, record, 'retrying', waitedAs);
  return move(client, record, 'in_doubt', record.dispatch);
}

/**
 * The retry that waits for this very attempt: whoever deletes its row may settle it, however often it was published. Answers
 * the number of its last publication, from which the next life counts on: its hint may still be in a queue.
 */
async function takeWaiting(client: PoolClient, { id, dispatch }: AttemptRecord): Promise<number | undefined> {
  const { rows } = await client.query<{ dispatch: number }>(
    `DELETE FROM outbox o USING notifications n
      WHERE o.notification_id = $1 AND n.id = o.notification_id AND n.status = 'retrying' AND n.dispatch = $2
      RETURNING o.dispatch`,
    [id, dispatch],
  );
  return rows[0]?.dispatch;
}

async function move(
  client: PoolClient,
  record: AttemptRecord,
  from: 'retrying' | 'in_doubt',
  lastDispatch: number,
): Promise<boolean> {
  const { id, attempt, next, outcome } = record;
  const givesBackTry = next.status === 'retrying' && !next.consumesTry;
  const providerMessageId = outcome.kind === 'taken' ? (outcome.providerMessageId ?? null) : null;
  const { rows } = await client.query<Moved>(MOVE, [
    id,
    attempt,
    next.status,
    next.reason,
    providerMessageId,
    from,
    givesBackTry ? 1 : 0,
    next.status === 'retrying' ? (next.quietMs ?? 0) : 0,
    outcome.code,
    classOf(next, outcome),
    lastDispatch,
  ]);
  const row = rows[0];
  if (!row) return false;
  await client.query(`DELETE FROM undelivered WHERE notification_id = $1`, [id]);
  if (next.status === 'retrying') await owe(client, record, row, next.delayMs);
  else await client.query(`DELETE FROM ordered WHERE notification_id = $1`, [id]);
  if (isUndelivered(next.status)) await bury(client, record, row);
  return true;
}

async function owe(
  client: PoolClient,
  { id, next, pinnedProvider }: AttemptRecord,
  row: Moved,
  delayMs: number,
): Promise<void> {
  await client.query(
    `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, provider, endpoint_id,
                         ordering_seq, dispatch)
     VALUES ($1, $2, $3, ${KIND_AFTER('$11::integer')}, now() + $4 * interval '1 ms', $5, $6, coalesce($7, ${DOUBTFUL_PROVIDER('$1')}), $8, $9, $10)`,
    [
      id,
      row.channel,
      row.lane,
      delayMs,
      row.overdue_at,
      next.reason,
      pinnedProvider,
      row.endpoint_id,
      row.ordering_seq,
      row.dispatch,
      row.tries,
    ],
  );
}

async function bury(client: PoolClient, { id, next, outcome }: AttemptRecord, row: Moved): Promise<void> {
  await client.query(
    `INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      id,
      next.status,
      row.type,
      row.channel,
      row.provider,
      classOf(next, outcome),
      outcome.code,
      outcome.detail,
    ],
  );
}
