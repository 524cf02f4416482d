import type { Pool, PoolClient } from 'pg';

import { matching, type RedriveMatch } from './match-redrive.js';

export interface NewRedrive {
  id: string;
  name: string;
  bodyHash: Buffer;
  filter: object;
  match: RedriveMatch;
  rate: string;
  ratePerSecond: number;
}

/** A million rows take seconds to list; the pool's own limit is for statements that name their rows by key. */
const LISTING_MS = 60_000;
/** Longer ago than the slowest rate (1/h) takes for one: the first goes at once. */
const FIRST_AT_ONCE = '1 hour';

/**
 * Takes the name and lists what matches at this moment: one INSERT … SELECT, so the rows never pass through this process.
 * Answers how many; undefined when the name is taken.
 */
export async function createRedrive(tx: PoolClient, redrive: NewRedrive): Promise<number | undefined> {
  const { id, name, bodyHash, filter, match, rate, ratePerSecond } = redrive;
  const taken = await tx.query(
    `INSERT INTO redrives (id, name, body_hash, filter, statuses, rate, rate_per_s, state, paced_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', now() - interval '${FIRST_AT_ONCE}')
     ON CONFLICT (name) DO NOTHING`,
    [id, name, bodyHash, JSON.stringify(filter), [match.status], rate, ratePerSecond],
  );
  if (taken.rowCount !== 1) return undefined;
  const matched = await listItems(tx, id, match);
  await tx.query(
    `UPDATE redrives SET matched = $2::bigint, state = CASE WHEN $2::bigint = 0 THEN 'done' ELSE state END,
            finished_at = CASE WHEN $2::bigint = 0 THEN now() END
      WHERE id = $1`,
    [id, matched],
  );
  return matched;
}

async function listItems(tx: PoolClient, id: string, match: RedriveMatch): Promise<number> {
  const values: unknown[] = [id];
  const found = matching(match, (value) => `$${values.push(value)}`);
  const { rowCount } = await patiently(
    tx,
    `INSERT INTO redrive_items (redrive_id, notification_id) SELECT $1::uuid, found.id FROM (${found}) found`,
    values,
  );
  return rowCount ?? 0;
}

/** How many a redrive would cover now. */
export async function countMatching(tx: PoolClient, match: RedriveMatch): Promise<number> {
  const values: unknown[] = [];
  const found = matching(match, (value) => `$${values.push(value)}`);
  const { rows } = await patiently<{ count: string }>(
    tx,
    `SELECT count(*) AS count FROM (${found}) found`,
    values,
  );
  return Number(rows[0]!.count);
}

async function patiently<R extends object>(tx: PoolClient, text: string, values: unknown[]) {
  await tx.query(`SET LOCAL statement_timeout = ${LISTING_MS}`);
  // The client's own limit is named per query, and not in the types of its driver.
  const query = { text, values, query_timeout: LISTING_MS };
  return tx.query<R & Record<string, unknown>>(query);
}

export interface StoredRedrive {
  id: string;
  name: string;
  bodyHash: Buffer;
  filter: Record<string, unknown>;
  rate: string;
  ratePerSecond: number;
  state: 'running' | 'done' | 'cancelled';
  matched: number;
  done: number;
  failed: number;
  startedAt: Date;
  finishedAt: Date | null;
  now: Date;
}

const COLUMNS = `id, name, body_hash AS "bodyHash", filter, rate, rate_per_s AS "ratePerSecond", state,
  matched::float8 AS matched, done::float8 AS done, failed::float8 AS failed, started_at AS "startedAt",
  finished_at AS "finishedAt", clock_timestamp() AS now`;

export async function readRedrive(
  db: Pool | PoolClient,
  key: { id: string } | { name: string },
): Promise<StoredRedrive | undefined> {
  const [column, value] = 'id' in key ? ['id', key.id] : ['name', key.name];
  const { rows } = await db.query<StoredRedrive>(`SELECT ${COLUMNS} FROM redrives WHERE ${column} = $1`, [
    value,
  ]);
  return rows[0];
}

/** Whether this call ended it; what it has moved stays moved. */
export async function cancelRedrive(tx: PoolClient, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE redrives SET state = 'cancelled', finished_at = now() WHERE id = $1 AND state = 'running'`,
    [id],
  );
  if (rowCount === 1) await patiently(tx, `DELETE FROM redrive_items WHERE redrive_id = $1`, [id]);
  return rowCount === 1;
}
