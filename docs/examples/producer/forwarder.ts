import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

/** Requests in one batch: enough to be quick, few enough for the 5 MB of a body. */
const BATCH = 100;
/** The service answers within 3 s; whoever waits longer waits for a network. */
const ANSWER_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

export interface Target {
  /** As https://notify.example.com */
  url: string;
  apiKey: string;
}

export interface Forwarded {
  /** They are the service's now. */
  taken: number;
  /** The service will never take them as they are; they stay, with its answer, for a person. */
  refused: number;
  /** They go again: the whole batch, or the items that the service could not take just now. */
  put_off: number;
  /** Not before then, milliseconds. */
  pauseMs: number;
}

interface Owed {
  id: string;
  request: unknown;
}

interface Item {
  index: number;
  http_status: number;
  problem?: unknown;
}

type Answer = { items: Item[] } | { isToBeSplit: true } | { retryAfterMs: number };

/**
 * Forwards what is due, once. Killed anywhere, it leaves the row or the row is gone: the row is deleted only after the service
 * has said that it is durable there, and what is sent twice has the same key, (type, recipient, business_id), so it is accepted
 * once. Any number may run: rows that one holds the others skip.
 */
export async function forwardOnce(pool: pg.Pool, target: Target, batch = BATCH): Promise<Forwarded> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<Owed>(
      `SELECT id, request FROM notification_outbox
        WHERE refused_at IS NULL AND due_at <= now()
        ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [batch],
    );
    const forwarded = rows.length === 0 ? NOTHING : await forward(client, target, rows);
    await client.query('COMMIT');
    client.release();
    return forwarded;
  } catch (error) {
    client.release(true); // its transaction ends with it, and the rows are everybody's again
    throw error;
  }
}

const NOTHING: Forwarded = { taken: 0, refused: 0, put_off: 0, pauseMs: 0 };

async function forward(client: pg.PoolClient, target: Target, rows: readonly Owed[]): Promise<Forwarded> {
  const answer = await post(target, rows);
  if ('isToBeSplit' in answer) return oneByOne(client, target, rows);
  if ('retryAfterMs' in answer) return { ...NOTHING, put_off: rows.length, pauseMs: answer.retryAfterMs };
  const idsOf = (is: (status: number) => boolean): string[] =>
    answer.items.filter(({ http_status }) => is(http_status)).map(({ index }) => rows[index]!.id);
  const [taken, refused] = [idsOf(isTaken), idsOf(isRefused)];
  await client.query('DELETE FROM notification_outbox WHERE id = ANY ($1::bigint[])', [taken]);
  const problems = answer.items.map(({ problem }) => JSON.stringify(problem ?? null));
  await client.query(
    `UPDATE notification_outbox o
        SET answer = a.answer, refused_at = CASE WHEN o.id = ANY ($3::bigint[]) THEN now() END,
            due_at = now() + interval '5 seconds'
       FROM unnest($1::bigint[], $2::jsonb[]) AS a (id, answer)
      WHERE o.id = a.id AND o.id <> ALL ($4::bigint[])`,
    [answer.items.map(({ index }) => rows[index]!.id), problems, refused, taken],
  );
  return {
    ...NOTHING,
    taken: taken.length,
    refused: refused.length,
    put_off: rows.length - taken.length - refused.length,
  };
}

/** 202: accepted now. 200: accepted before, by this very row: its answer was lost. */
const isTaken = (status: number): boolean => status === 200 || status === 202;
/** The content is at fault (400, 422), or the key is another content's already (409): no repetition changes that. */
const isRefused = (status: number): boolean => status >= 400 && status < 500 && status !== 429;

/** The key or the address is wrong, not the rows: they wait until somebody has mended it, as for 429 and 5xx. */
const OURS_TO_MEND = new Set([401, 403, 404]);

/** One answer for the whole batch, or one for each item. */
async function post({ url, apiKey }: Target, rows: readonly Owed[]): Promise<Answer> {
  try {
    const response = await fetch(new URL('/v1/notifications/batch', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ notifications: rows.map(({ request }) => request) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.ok) return { items: ((await response.json()) as { results: Item[] }).results };
    const problem: unknown = await response.json().catch(() => null);
    if (isRefused(response.status) && !OURS_TO_MEND.has(response.status)) {
      if (rows.length > 1) return { isToBeSplit: true }; // one is too large or no JSON for it; the others are not to blame
      return { items: [{ index: 0, http_status: response.status, problem }] };
    }
    return { retryAfterMs: 1_000 * Number(response.headers.get('retry-after') ?? 0) };
  } catch {
    return { retryAfterMs: 0 }; // nobody knows whether it arrived; the same rows go again under the same keys
  }
}

async function oneByOne(client: pg.PoolClient, target: Target, rows: readonly Owed[]): Promise<Forwarded> {
  const sum = { ...NOTHING };
  for (const row of rows) {
    const one = await forward(client, target, [row]);
    sum.taken += one.taken;
    sum.refused += one.refused;
    sum.put_off += one.put_off;
    sum.pauseMs = Math.max(sum.pauseMs, one.pauseMs);
  }
  return sum;
}

/** Forwards until told to stop. */
export async function forwardAll(pool: pg.Pool, target: Target, signal: AbortSignal): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const forwarded = await forwardOnce(pool, target).catch(() => ({ ...NOTHING, put_off: 1 }));
    const isStuck = forwarded.put_off > 0 && forwarded.taken === 0;
    pauseMs = isStuck ? Math.min(LONGEST_PAUSE_MS, pauseMs * 2) : FIRST_PAUSE_MS;
    const jittered = pauseMs * (0.5 + Math.random() / 2);
    const waits = isStuck ? Math.max(forwarded.pauseMs, jittered) : forwarded.taken > 0 ? 0 : FIRST_PAUSE_MS;
    await pause(waits, undefined, { signal }).catch(() => undefined);
  }
}

async function main(): Promise<void> {
  const { DATABASE_URL, POSTHASTE_URL, POSTHASTE_API_KEY } = process.env;
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  await forwardAll(pool, { url: POSTHASTE_URL!, apiKey: POSTHASTE_API_KEY! }, stop.signal);
  await pool.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
