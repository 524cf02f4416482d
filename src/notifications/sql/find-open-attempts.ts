import type { Pool } from 'pg';

import type { ChannelName, InDoubtPolicy } from '../../domain/channel.js';
import type { Doubt } from '../../domain/doubt.js';
import { readPrecedents, type StoredPrecedents } from '../claimed.js';
import { PRECEDENTS } from './precedents.js';

/** An attempt without an outcome, with what a verdict on it needs. */
export interface OpenAttempt {
  id: string;
  attempt: number;
  dispatch: number;
  provider: string;
  type: string;
  channel: ChannelName;
  onInDoubt: InDoubtPolicy | null;
  tries: number;
  startedAt: Date;
  now: Date;
  expiresAt: Date | null;
  deadlineAt: Date;
  doubts: readonly Doubt[];
}

type Row = Omit<OpenAttempt, 'doubts'> & { precedents: StoredPrecedents | null };

const toOpenAttempt = ({ precedents, ...row }: Row): OpenAttempt => ({
  ...row,
  doubts: readPrecedents(precedents).doubts,
});

const COLUMNS = `a.notification_id AS id, a.number AS attempt, a.dispatch, a.provider, n.type, n.channel,
  n.on_in_doubt AS "onInDoubt", n.tries, a.started_at AS "startedAt", clock_timestamp() AS now,
  n.expires_at AS "expiresAt", n.deadline_at AS "deadlineAt",
  ${PRECEDENTS('n.id', 'a.number > 1')} AS precedents`;

/**
 * Calls begun by workers whose lease is over. Served by `attempts_open`: only calls under way are in it.
 * A server that has just come up makes every lease look old, so nobody is given up within one lease of its start.
 */
export async function findAbandonedAttempts(
  pool: Pool,
  leaseMs: number,
  limit: number,
): Promise<OpenAttempt[]> {
  const { rows } = await pool.query<Row>({
    name: 'find_abandoned_attempts',
    text: `SELECT ${COLUMNS}
             FROM attempts a
             JOIN notifications n ON n.id = a.notification_id
             LEFT JOIN processes p ON p.id = a.worker_id
            WHERE a.outcome IS NULL
              AND a.worker_id IS NOT NULL
              AND coalesce(p.renewed_at, a.started_at) < now() - $1 * interval '1 ms'
              AND pg_postmaster_start_time() < now() - $1 * interval '1 ms'
            LIMIT $2`,
    values: [leaseMs, limit],
  });
  return rows.map(toOpenAttempt);
}

/** Calls that this worker is said to have under way, begun longer than `olderThanMs` ago. */
export async function findOwnAttempts(
  pool: Pool,
  workerId: string,
  olderThanMs: number,
): Promise<OpenAttempt[]> {
  const { rows } = await pool.query<Row>({
    name: 'find_own_attempts',
    text: `SELECT ${COLUMNS}
             FROM attempts a JOIN notifications n ON n.id = a.notification_id
            WHERE a.outcome IS NULL AND a.worker_id = $1 AND a.started_at < now() - $2 * interval '1 ms'`,
    values: [workerId, olderThanMs],
  });
  return rows.map(toOpenAttempt);
}

/** Rows of processes that died without a word, a day after the last sign of life and with no call left open. */
export async function forgetDeadProcesses(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'forget_dead_processes',
    text: `DELETE FROM processes p
            WHERE renewed_at < now() - interval '1 day'
              AND NOT EXISTS (SELECT FROM attempts a WHERE a.worker_id = p.id AND a.outcome IS NULL)`,
  });
  return rowCount ?? 0;
}
