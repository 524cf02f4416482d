import type { Pool } from 'pg';

/** Calls to one provider in one lane, over all workers. */
export interface CallState {
  provider: string;
  lane: string;
  /** Of the last five whole minutes and this one. */
  calls: number;
  taken: number;
  durationMs: number;
  /** Of the last whole minute. */
  lastMinute: number;
}

export async function readCalls(pool: Pool): Promise<CallState[]> {
  const { rows } = await pool.query<CallState>({
    name: 'read_calls',
    text: `SELECT provider, lane, sum(calls)::integer AS calls, sum(taken)::integer AS taken,
                  sum(duration_ms)::float8 AS "durationMs",
                  coalesce(sum(calls) FILTER (WHERE minute = date_trunc('minute', now()) - interval '1 minute'), 0)::integer
                    AS "lastMinute"
             FROM call_tallies WHERE minute >= date_trunc('minute', now()) - interval '5 minutes'
            GROUP BY provider, lane`,
  });
  return rows;
}

export interface InFlight {
  provider: string;
  lane: string;
  calls: number;
}

/** Calls under way, from `attempts_open`, which holds nothing else. */
export async function readInFlight(pool: Pool): Promise<InFlight[]> {
  const { rows } = await pool.query<InFlight>({
    name: 'read_in_flight',
    text: `SELECT a.provider, n.lane, count(*)::integer AS calls
             FROM attempts a JOIN notifications n ON n.id = a.notification_id
            WHERE a.outcome IS NULL GROUP BY a.provider, n.lane`,
  });
  return rows;
}
