import type { Pool } from 'pg';

import type { Severity } from '../alert-kinds.js';

/** One thing that one target has to hear. */
export interface OwedNews {
  alertId: string;
  news: number;
  event: 'raised' | 'repeated' | 'resolved';
  kind: string;
  alertKey: string;
  severity: Severity;
  summary: string;
  count: number;
  at: Date;
  since: Date;
  raisedAt: Date;
  detail: Record<string, unknown>;
  /** This call included. */
  tries: number;
}

/**
 * The next that this target has to hear, leased for `leaseMs`: whoever dies with it leaves it to the others. A target hears
 * of one alert in order, so what comes later waits for what comes before, also while that is failing.
 */
export async function claimNews(pool: Pool, target: string, leaseMs: number): Promise<OwedNews | undefined> {
  const { rows } = await pool.query<OwedNews>({
    name: 'claim_alert_news',
    text: `WITH next AS (
             SELECT d.alert_id, d.news FROM alert_deliveries d
              WHERE d.target = $1 AND d.delivered_at IS NULL AND d.given_up_at IS NULL AND d.next_at <= now()
                AND NOT EXISTS (
                      SELECT FROM alert_deliveries b
                       WHERE b.alert_id = d.alert_id AND b.target = d.target AND b.news < d.news
                         AND b.delivered_at IS NULL AND b.given_up_at IS NULL)
              ORDER BY d.next_at LIMIT 1 FOR UPDATE SKIP LOCKED
           ), claimed AS (
             UPDATE alert_deliveries d SET tries = d.tries + 1, next_at = now() + $2 * interval '1 ms'
               FROM next WHERE d.alert_id = next.alert_id AND d.target = $1 AND d.news = next.news
             RETURNING d.*
           )
           SELECT c.alert_id AS "alertId", c.news, c.event, c.summary, c.count::float8 AS count, c.at, c.tries,
                  a.kind, a.alert_key AS "alertKey", a.severity, a.since, a.raised_at AS "raisedAt", a.detail
             FROM claimed c JOIN alerts a ON a.id = c.alert_id`,
    values: [target, leaseMs],
  });
  return rows[0];
}
