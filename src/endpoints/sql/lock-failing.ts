import type { PoolClient } from 'pg';

/**
 * Endpoints with `days` of nothing but failure, locked.
 *
 * `failing_since` names the suspects, from its partial index; the attempts prove it: at least `least` have failed since, the
 * last of them `days` after the first, and none has succeeded. So one that failed once and was not called again is left
 * alone, and so is one whose success was not yet noted. The proof reads `attempts_by_endpoint` from the end it needs.
 */
const LOCK_FAILING = `
  SELECT e.id
    FROM endpoints e
   WHERE e.enabled AND e.failing_since <= now() - $1 * interval '1 day'
     AND EXISTS (SELECT FROM attempts a
                  WHERE a.endpoint_id = e.id AND a.started_at >= e.failing_since + $1 * interval '1 day'
                    AND a.outcome <> 'taken')
     AND NOT EXISTS (SELECT FROM attempts a
                      WHERE a.endpoint_id = e.id AND a.started_at >= e.failing_since AND a.outcome = 'taken')
     AND (SELECT count(*) FROM (SELECT FROM attempts a
                                 WHERE a.endpoint_id = e.id AND a.started_at >= e.failing_since AND a.outcome <> 'taken'
                                 LIMIT $2) few) >= $2
   ORDER BY e.id
   LIMIT $3
     FOR UPDATE OF e SKIP LOCKED`;

export async function lockFailing(
  tx: PoolClient,
  { days, least, limit }: { days: number; least: number; limit: number },
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(LOCK_FAILING, [days, least, limit]);
  return rows.map((row) => row.id);
}
