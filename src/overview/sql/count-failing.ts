import type { Pool } from 'pg';

import { MAX_COUNT } from './read-lanes.js';

export interface Failing {
  /** Among the first that wait, at most MAX_COUNT of them. */
  retrying: number;
  inDoubt: number;
  dead: number;
}

/** How many are failing: each count stops at a bound, so that a catastrophe is as quick to see as a mishap. */
export async function countFailing(pool: Pool): Promise<Failing> {
  const of = (status: string): string => `
    (SELECT count(*)::integer FROM (SELECT FROM undelivered WHERE status = '${status}' LIMIT ${MAX_COUNT}) u)`;
  const { rows } = await pool.query<Failing>({
    name: 'count_failing',
    text: `SELECT (SELECT count(*)::integer FROM (SELECT kind FROM outbox LIMIT ${MAX_COUNT}) o WHERE kind = 'retry') AS retrying,
                  ${of('in_doubt')} AS "inDoubt", ${of('dead')} AS dead`,
  });
  return rows[0]!;
}
