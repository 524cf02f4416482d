import type { PoolClient } from 'pg';

import type { Step } from '../retention-task.js';

/** What is counted up as it is written, and kept for the attempts' time. */
export interface Swept {
  table: 'receipts' | 'endpoint_changes';
  /** When a row was written. */
  at: string;
  /** Statements over `due`, whose rows are old enough; the last one answers a row for each that was erased. */
  erase: string;
}

/**
 * What providers reported. A STOP, a START and a complaint are kept as a hash for ever: said again by a replayed callback, they
 * must not count once more. Of the others a repetition changes nothing, because what it is about has been settled for long.
 */
export const RECEIPTS: Swept = {
  table: 'receipts',
  at: 'received_at',
  erase: `
  nameless AS (
    UPDATE receipts SET provider_message_id = NULL, notification_id = NULL
     WHERE id = ANY (ARRAY(SELECT id FROM due)) AND settled_at IS NOT NULL AND kind IN ('stop', 'start', 'complaint')
    RETURNING id
  ), gone AS (
    DELETE FROM receipts
     WHERE id = ANY (ARRAY(SELECT id FROM due)) AND settled_at IS NOT NULL AND kind IN ('sent', 'delivered', 'bounced')
    RETURNING id
  ), erased AS (SELECT id FROM nameless UNION ALL SELECT id FROM gone)`,
};

/** The history of endpoints: who changed what stands in the audit, which is kept. */
export const ENDPOINT_CHANGES: Swept = {
  table: 'endpoint_changes',
  at: 'at',
  erase: `
  erased AS (DELETE FROM endpoint_changes WHERE id = ANY (ARRAY(SELECT id FROM due)) RETURNING id)`,
};

/**
 * Numbers are drawn before rows are committed, so they are in the order of time but for moments: the page ends before its
 * first row that is too young, and the next step begins there again.
 */
export const sweepStatement = ({ table, at, erase }: Swept): string => `
  WITH page AS MATERIALIZED (
    SELECT id, ${at} <= now() - $3 * interval '1 ms' AS is_old FROM ${table} WHERE id > $1 ORDER BY id LIMIT $2
  ), due AS MATERIALIZED (
    SELECT id FROM page WHERE id < coalesce((SELECT min(id) FROM page WHERE NOT is_old), 9223372036854775807)
  ), ${erase}
  SELECT (SELECT max(id) FROM due)::text AS reached, (SELECT count(*) FROM due)::integer AS looked,
         (SELECT count(*) FROM erased)::integer AS erased`;

export async function sweep(
  tx: PoolClient,
  swept: Swept,
  reached: string | undefined,
  ageMs: number,
  limit: number,
): Promise<Step> {
  const after = reached ?? '0';
  const { rows } = await tx.query<{ reached: string | null; looked: number; erased: number }>({
    name: `sweep_${swept.table}`,
    text: sweepStatement(swept),
    values: [after, limit, ageMs],
  });
  const { looked, erased, reached: last } = rows[0]!;
  return { reached: last ?? after, erased, isCaughtUp: looked < limit };
}
