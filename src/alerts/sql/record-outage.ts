import type { PoolClient } from 'pg';

import type { Outage } from '../outage.js';

/** An outage that was told from memory, written down when it is over. Once: its id was made when it was told. Answers whether this call did. */
export async function recordOutage(tx: PoolClient, outage: Outage, isTold: boolean): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'record_outage',
    text: `INSERT INTO alerts (id, alert_key, kind, severity, summary, count, since, raised_at, last_seen_at, notified_at,
                               told, told_count, resolved_at, detail)
           SELECT $1, 'postgres_unavailable:' || $2, 'postgres_unavailable', 'critical', $3, 1, $4, $5, now(),
                  CASE WHEN $6 THEN $5::timestamptz END, 2, 1, now(), $7
           ON CONFLICT (id) DO NOTHING`,
    values: [
      outage.id,
      outage.where,
      outage.summary,
      outage.since,
      outage.raisedAt,
      isTold,
      JSON.stringify({ process: outage.where }),
    ],
  });
  return rowCount === 1;
}
