import type { Pool } from 'pg';

import { conditionsOn, type DeadLetterFilter, exactTimes } from './dead-letter-filter.js';

export interface StoredError {
  number: number;
  at: string;
  provider: string;
  outcome: string;
  class: string | null;
  code: string | null;
  detail: string | null;
}

export interface StoredDeadLetter {
  id: string;
  type: string;
  recipient: string | null;
  businessId: string | null;
  channel: string;
  provider: string | null;
  class: string | null;
  code: string | null;
  detail: string | null;
  attempts: number;
  createdAt: Date;
  expiresAt: Date | null;
  diedAt: Date;
  firstError: StoredError | null;
  lastError: StoredError | null;
}

export interface DeadLetterPage {
  rows: StoredDeadLetter[];
  /** Where to go on; undefined at the end. A page may hold less than its limit and still go on. */
  cursor: string | undefined;
}

/** Dead letters looked at for one page, matching or not: what bounds a question whose answer is rare. */
const MAX_SCANNED = 10_000;

const errorOf = (order: 'ASC' | 'DESC'): string => `
  (SELECT jsonb_build_object('number', a.number, 'at', a.started_at, 'provider', a.provider, 'outcome', a.outcome,
                             'class', a.class, 'code', a.code, 'detail', a.detail)
     FROM attempts a
    WHERE a.notification_id = m.notification_id AND a.outcome <> 'taken' ORDER BY a.number ${order} LIMIT 1)`;

/**
 * The last accepted first. Whatever is asked for is looked up in an index of the dead by type, provider or class (the planner
 * takes the rarest) and filtered over a bounded scan of it.
 */
export async function listDeadLetters(
  pool: Pool,
  filter: DeadLetterFilter & { before?: string | undefined; limit: number },
): Promise<DeadLetterPage> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [
    ...conditionsOn(filter, bind),
    ...(filter.before === undefined ? [] : [`u.notification_id < ${bind(filter.before)}::uuid`]),
  ];
  const exact = exactTimes(filter, bind);
  const { rows } = await pool.query<StoredDeadLetter & { scanned: number; last: string | null }>(
    `WITH scanned AS MATERIALIZED (
       SELECT u.* FROM undelivered u WHERE ${["u.status = 'dead'", ...conditions].join(' AND ')}
        ORDER BY u.notification_id DESC LIMIT ${MAX_SCANNED}
     )
     SELECT e.scanned, e.last, m.notification_id AS id, m.type, m.recipient, m.business_id AS "businessId", m.channel,
            m.provider, m.class, m.code, m.detail, m.attempts, m.created_at AS "createdAt", m.expires_at AS "expiresAt",
            m.since AS "diedAt", ${errorOf('ASC')} AS "firstError", ${errorOf('DESC')} AS "lastError"
       FROM (SELECT count(*)::integer AS scanned,
                    (SELECT notification_id FROM scanned ORDER BY notification_id LIMIT 1) AS last FROM scanned) e
       LEFT JOIN LATERAL (
         SELECT s.*, n.recipient, n.business_id, n.attempts, n.created_at, n.expires_at
           FROM scanned s JOIN notifications n ON n.id = s.notification_id
          ${exact.length > 0 ? `WHERE ${exact.join(' AND ')}` : ''}
          ORDER BY s.notification_id DESC LIMIT ${filter.limit + 1}) m ON true
      ORDER BY m.notification_id DESC`,
    values,
  );
  const found = rows.filter((row) => row.id !== null);
  if (found.length > filter.limit)
    return { rows: found.slice(0, filter.limit), cursor: found[filter.limit - 1]!.id };
  const isCut = rows[0]!.scanned === MAX_SCANNED;
  return { rows: found, cursor: isCut ? rows[0]!.last! : undefined };
}
