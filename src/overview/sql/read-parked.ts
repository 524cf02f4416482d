import type { Pool } from 'pg';

import { MAX_COUNT } from './read-lanes.js';

/** What waits for a type that is paused. */
export interface ParkedType {
  type: string;
  /** At most MAX_COUNT. */
  waiting: number;
  oldestAt: Date;
}

/** From `outbox_parked` alone, type by type. */
export async function readParked(pool: Pool): Promise<ParkedType[]> {
  const { rows } = await pool.query<ParkedType>({
    name: 'read_parked',
    text: `WITH RECURSIVE types AS (
             (SELECT parked_for FROM outbox WHERE parked_for IS NOT NULL ORDER BY parked_for LIMIT 1)
             UNION ALL
             SELECT next.parked_for FROM types, LATERAL (
               SELECT parked_for FROM outbox WHERE parked_for > types.parked_for ORDER BY parked_for LIMIT 1) next
           )
           SELECT t.parked_for AS type, p.waiting, p."oldestAt"
             FROM types t CROSS JOIN LATERAL (
               SELECT count(*)::integer AS waiting, min(available_at) AS "oldestAt"
                 FROM (SELECT available_at FROM outbox WHERE parked_for = t.parked_for
                        ORDER BY available_at LIMIT ${MAX_COUNT}) o) p`,
  });
  return rows;
}
