import type { Pool } from 'pg';

/** Calls to one provider in one lane since the last time they were written. */
export interface CallCount {
  provider: string;
  lane: string;
  calls: number;
  taken: number;
  durationMs: number;
}

/** Adds to this process's own rows of the minute: nobody else writes them, so nobody waits. */
export async function addCalls(pool: Pool, processId: string, counts: readonly CallCount[]): Promise<void> {
  const column = <V>(value: (count: CallCount) => V): V[] => counts.map(value);
  await pool.query({
    name: 'add_calls',
    text: `INSERT INTO call_tallies AS t (minute, provider, lane, process_id, calls, taken, duration_ms)
           SELECT date_trunc('minute', now()), i.provider, i.lane, $1, i.calls, i.taken, i.duration_ms
             FROM unnest($2::text[], $3::text[], $4::integer[], $5::integer[], $6::bigint[])
               AS i (provider, lane, calls, taken, duration_ms)
           ON CONFLICT (minute, provider, lane, process_id) DO UPDATE
             SET calls = t.calls + excluded.calls, taken = t.taken + excluded.taken,
                 duration_ms = t.duration_ms + excluded.duration_ms`,
    values: [
      processId,
      column((one) => one.provider),
      column((one) => one.lane),
      column((one) => one.calls),
      column((one) => one.taken),
      column((one) => Math.round(one.durationMs)),
    ],
  });
}
