import type { Pool } from 'pg';

import { conditionsOn, type DeadLetterFilter, exactTimes } from './dead-letter-filter.js';

export interface StoredGroup {
  type: string;
  provider: string | null;
  class: string | null;
  count: number;
  firstSeen: Date;
  lastSeen: Date;
  /** The last accepted of them. */
  exampleId: string;
}

/** More causes than this are not read by anybody; the largest are shown. */
const MAX_GROUPS = 500;

/**
 * Dead letters by cause, the most frequent first. Counted from `undelivered_dead_by_cause` alone, unless a range of time asks
 * for the exact moment of acceptance.
 */
export async function groupDeadLetters(pool: Pool, filter: DeadLetterFilter): Promise<StoredGroup[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ["u.status = 'dead'", ...conditionsOn(filter, bind)];
  const exact = exactTimes(filter, bind);
  const { rows } = await pool.query<StoredGroup>(
    `SELECT u.type, u.provider, u.class, count(*)::integer AS count, min(u.since) AS "firstSeen",
            max(u.since) AS "lastSeen", max(u.notification_id::text COLLATE "C") AS "exampleId"
       FROM undelivered u ${exact.length > 0 ? 'JOIN notifications n ON n.id = u.notification_id' : ''}
      WHERE ${[...conditions, ...exact].join(' AND ')}
      GROUP BY u.type, u.provider, u.class
      ORDER BY count(*) DESC, u.type, u.provider, u.class LIMIT ${MAX_GROUPS}`,
    values,
  );
  return rows;
}
