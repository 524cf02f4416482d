import type { Pool } from 'pg';

export interface OpenAlerts {
  kind: string;
  severity: string;
  count: number;
}

/** By `alerts_open`, which holds nothing else. */
export async function countOpenAlerts(pool: Pool): Promise<OpenAlerts[]> {
  const { rows } = await pool.query<OpenAlerts>({
    name: 'count_open_alerts',
    text: `SELECT kind, severity, count(*)::integer AS count FROM alerts WHERE resolved_at IS NULL GROUP BY kind, severity`,
  });
  return rows;
}
