import type { Pool } from 'pg';

type Named = { alertId: string; news: number };

/** It has arrived. Whoever says so first wins; a repetition changes nothing. */
export async function markDelivered(pool: Pool, target: string, { alertId, news }: Named): Promise<void> {
  await pool.query({
    name: 'mark_alert_delivered',
    text: `WITH delivered AS (
             UPDATE alert_deliveries SET delivered_at = now(), given_up_at = NULL, last_error = NULL
              WHERE alert_id = $1 AND target = $2 AND news = $3 AND delivered_at IS NULL RETURNING alert_id
           )
           UPDATE alerts a SET notified_at = coalesce(a.notified_at, now()) FROM delivered d WHERE a.id = d.alert_id`,
    values: [alertId, target, news],
  });
}

/** It has not: again after `delayMs`, or never when it is older than `patienceMs`. Answers whether it was given up. */
export async function markFailed(
  pool: Pool,
  target: string,
  { alertId, news }: Named,
  fault: string,
  delayMs: number,
  patienceMs: number,
): Promise<boolean> {
  const { rows } = await pool.query<{ isGivenUp: boolean }>({
    name: 'mark_alert_failed',
    text: `UPDATE alert_deliveries
              SET next_at = now() + $5 * interval '1 ms', last_error = $4,
                  given_up_at = CASE WHEN at < now() - $6 * interval '1 ms' THEN now() END
            WHERE alert_id = $1 AND target = $2 AND news = $3 AND delivered_at IS NULL
           RETURNING given_up_at IS NOT NULL AS "isGivenUp"`,
    values: [alertId, target, news, fault, delayMs, patienceMs],
  });
  return rows[0]?.isGivenUp ?? false;
}
