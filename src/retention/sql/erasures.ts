import type { Pool, PoolClient } from 'pg';

import type { ChannelName } from '../../domain/channel.js';

export interface StoredErasure {
  id: string;
  state: 'running' | 'done';
  channel: ChannelName | null;
  erased: number;
  cancelled: number;
  events: number;
  held: number;
  createdAt: Date;
  finishedAt: Date | null;
}

/** One that is being done. */
export interface RunningErasure extends StoredErasure {
  /** Sealed for the erasure's id. */
  recipient: Buffer;
  recipientKey: string;
  /** Up to which notification it has looked in this round. */
  reached: string;
}

const VIEW = `id, state, channel, erased::float8, cancelled::float8, events::float8, held::float8, created_at AS "createdAt",
  finished_at AS "finishedAt"`;
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export interface NewErasure {
  id: string;
  recipient: Buffer;
  recipientKey: string;
  channel: ChannelName | null;
}

export async function insertErasure(tx: PoolClient, erasure: NewErasure): Promise<StoredErasure> {
  const { rows } = await tx.query<StoredErasure>({
    name: 'insert_erasure',
    text: `INSERT INTO erasures (id, recipient, recipient_key, channel, state, reached)
           VALUES ($1, $2, $3, $4, 'running', '${FIRST_ID}') RETURNING ${VIEW}`,
    values: [erasure.id, erasure.recipient, erasure.recipientKey, erasure.channel],
  });
  return rows[0]!;
}

export async function readErasure(pool: Pool, id: string): Promise<StoredErasure | undefined> {
  const { rows } = await pool.query<StoredErasure>({
    name: 'read_erasure',
    text: `SELECT ${VIEW} FROM erasures WHERE id = $1`,
    values: [id],
  });
  return rows[0];
}

/** Those with something to do now, the longest waiting first. */
export async function dueErasures(pool: Pool, limit: number): Promise<RunningErasure[]> {
  const { rows } = await pool.query<RunningErasure>({
    name: 'due_erasures',
    text: `SELECT ${VIEW}, recipient, recipient_key AS "recipientKey", reached FROM erasures
            WHERE state = 'running' AND look_again_at <= now() ORDER BY look_again_at LIMIT $1`,
    values: [limit],
  });
  return rows;
}

/** What a step did, and how far it came. */
export interface ErasureStep {
  reached: string;
  erased: number;
  cancelled: number;
  events: number;
  held: number;
}

/**
 * In the commit of what the step erased. Guarded by where the step began: of two processes that did the same one, one counts.
 * Answers whether this one did.
 */
export async function advanceErasure(
  tx: PoolClient,
  { id, reached }: RunningErasure,
  step: ErasureStep,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'advance_erasure',
    text: `UPDATE erasures
              SET reached = $3, erased = erased + $4, cancelled = cancelled + $5, events = events + $6,
                  held = CASE WHEN $2 = '${FIRST_ID}'::uuid THEN 0 ELSE held END + $7
            WHERE id = $1 AND state = 'running' AND reached = $2`,
    values: [id, reached, step.reached, step.erased, step.cancelled, step.events, step.held],
  });
  return rowCount === 1;
}

/**
 * The end of a round. Nothing was held: it is done, and whom it was about is forgotten. Something was: it begins anew when that
 * may have ended.
 */
export async function endRound(
  tx: PoolClient,
  { id, reached }: RunningErasure,
  step: Pick<ErasureStep, 'cancelled' | 'erased' | 'events' | 'held'>,
  lookAgainInMs: number,
): Promise<void> {
  await tx.query({
    name: 'end_erasure_round',
    text: `WITH round AS (
             SELECT id, CASE WHEN $2 = '${FIRST_ID}'::uuid THEN 0 ELSE held END + $6 AS held FROM erasures
              WHERE id = $1 AND state = 'running' AND reached = $2 FOR UPDATE
           )
           UPDATE erasures e
              SET reached = '${FIRST_ID}', erased = e.erased + $3, cancelled = e.cancelled + $4, events = e.events + $5,
                  held = round.held, look_again_at = now() + $7 * interval '1 ms',
                  state = CASE round.held WHEN 0 THEN 'done' ELSE 'running' END,
                  finished_at = CASE round.held WHEN 0 THEN now() END,
                  recipient = CASE WHEN round.held > 0 THEN e.recipient END,
                  recipient_key = CASE WHEN round.held > 0 THEN e.recipient_key END
             FROM round WHERE e.id = round.id`,
    values: [id, reached, step.erased, step.cancelled, step.events, step.held, lookAgainInMs],
  });
}
