import type { PoolClient } from 'pg';

import type { Change } from './see-signals.js';

export interface Quiet {
  /** Unseen for so long, it is over. */
  quietMs: number;
  /** What had come back within this time must stay away as long. */
  windowMs: number;
}

/**
 * Resolves what is no longer seen, of the kinds that were looked at, and says so to the targets, in one commit.
 *
 * What flaps is told twice and then stays open: an alert that was raised again soon after its resolution is over only after
 * a whole window without it.
 */
const RESOLVE_UNSEEN = `
  WITH gone AS (
    DELETE FROM alert_sightings WHERE kind = ANY ($1::text[]) AND alert_key <> ALL ($2::text[])
  ), resolved AS (
    UPDATE alerts a SET resolved_at = now(), told = a.told + 1
     WHERE a.resolved_at IS NULL AND a.kind = ANY ($1::text[]) AND a.alert_key <> ALL ($2::text[])
       AND a.last_seen_at <= now() - interval '1 ms' * CASE
             WHEN EXISTS (SELECT FROM alerts p WHERE p.alert_key = a.alert_key
                                                 AND p.resolved_at > a.raised_at - $4 * interval '1 ms')
             THEN greatest($3, $4) ELSE $3 END
    RETURNING a.id, a.alert_key, a.kind, a.told, a.summary, a.count, a.severity, a.since
  ), owed AS (
    INSERT INTO alert_deliveries (alert_id, news, target, event, summary, count)
    SELECT r.id, r.told, t.target, 'resolved', r.summary, r.count FROM resolved r CROSS JOIN unnest($5::text[]) AS t (target)
  )
  SELECT id, kind, alert_key AS "alertKey", 'resolved' AS event, count::float8 AS count, severity, summary, since
    FROM resolved`;

export async function resolveUnseen(
  tx: PoolClient,
  kinds: readonly string[],
  seenKeys: readonly string[],
  { quietMs, windowMs }: Quiet,
  targets: readonly string[],
): Promise<Change[]> {
  const { rows } = await tx.query<Change>({
    name: 'resolve_unseen',
    text: RESOLVE_UNSEEN,
    values: [kinds, seenKeys, quietMs, windowMs, targets],
  });
  return rows;
}
