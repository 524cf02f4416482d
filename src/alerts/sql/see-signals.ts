import type { PoolClient } from 'pg';

import { timeOrderedId } from '../../platform/crypto/time-ordered-id.js';
import { rulesOf } from '../alert-kinds.js';
import { keyOf, type Signal } from '../signal.js';

/** What became news of it. */
export interface Change {
  id: string;
  kind: string;
  alertKey: string;
  event: 'raised' | 'repeated' | 'resolved';
  count: number;
  severity: string;
  summary: string;
  since: Date;
}

/**
 * Sees what is wrong: an open alert lives on, a new one is raised, each with what its targets have to hear, in one commit.
 *
 * - What must last first is only sighted. A sighting goes as soon as its condition does (`resolve-unseen`).
 * - `alerts_open` lets one of two processes win that raise the same at once; the other's row is dropped.
 * - An alert is told again when its count has one more digit, unless somebody has acknowledged it.
 */
const SEE_SIGNALS = `
  WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[],
                         $8::jsonb[], $9::integer[], $10::boolean[])
      AS i (id, alert_key, kind, severity, summary, count, since, detail, lasts_ms, is_counted)
  ), seen AS (
    UPDATE alerts a
       SET last_seen_at = now(), count = greatest(a.count, i.count), summary = i.summary, detail = i.detail,
           told = a.told + g.is_news::integer,
           told_count = CASE WHEN g.is_news THEN i.count ELSE a.told_count END
      FROM input i
      JOIN alerts old ON old.alert_key = i.alert_key AND old.resolved_at IS NULL
     CROSS JOIN LATERAL (
       SELECT i.is_counted AND old.acknowledged_at IS NULL
              AND length(i.count::text) > length(old.told_count::text) AS is_news) g
     WHERE a.id = old.id
    RETURNING a.id, a.alert_key, a.kind, a.told, a.summary, a.count, a.severity, a.since, g.is_news
  ), unknown AS (
    SELECT i.* FROM input i
     WHERE NOT EXISTS (SELECT FROM alerts a WHERE a.alert_key = i.alert_key AND a.resolved_at IS NULL)
  ), sighted AS (
    INSERT INTO alert_sightings AS s (alert_key, kind)
    SELECT alert_key, kind FROM unknown WHERE lasts_ms > 0
    ON CONFLICT (alert_key) DO UPDATE SET kind = excluded.kind
    RETURNING s.alert_key, s.seen_at
  ), raised AS (
    INSERT INTO alerts (id, alert_key, kind, severity, summary, count, since, told_count, detail)
    SELECT u.id, u.alert_key, u.kind, u.severity, u.summary, u.count, coalesce(u.since, s.seen_at, now()), u.count, u.detail
      FROM unknown u LEFT JOIN sighted s USING (alert_key)
     WHERE u.lasts_ms = 0 OR s.seen_at <= now() - u.lasts_ms * interval '1 ms'
    ON CONFLICT (alert_key) WHERE resolved_at IS NULL DO NOTHING
    RETURNING id, alert_key, kind, told, summary, count, severity, since
  ), news AS (
    SELECT id, alert_key, kind, told, summary, count, severity, since, 'raised' AS event FROM raised
    UNION ALL
    SELECT id, alert_key, kind, told, summary, count, severity, since, 'repeated' FROM seen WHERE is_news
  ), owed AS (
    INSERT INTO alert_deliveries (alert_id, news, target, event, summary, count)
    SELECT n.id, n.told, t.target, n.event, n.summary, n.count FROM news n CROSS JOIN unnest($11::text[]) AS t (target)
  )
  SELECT id, kind, alert_key AS "alertKey", event, count::float8 AS count, severity, summary, since FROM news`;

export async function seeSignals(
  tx: PoolClient,
  signals: readonly Signal[],
  targets: readonly string[],
): Promise<Change[]> {
  if (signals.length === 0) return [];
  const column = <V>(value: (signal: Signal) => V): V[] => signals.map(value);
  const { rows } = await tx.query<Change>({
    name: 'see_signals',
    text: SEE_SIGNALS,
    values: [
      column(() => timeOrderedId()),
      column(keyOf),
      column((one) => one.kind),
      column((one) => rulesOf(one.kind).severity),
      column((one) => one.summary),
      column((one) => Math.max(1, Math.round(one.count))),
      column((one) => one.since ?? null),
      column((one) => JSON.stringify(one.detail ?? {})),
      column((one) => rulesOf(one.kind).lastsMs),
      column((one) => rulesOf(one.kind).isCounted),
      targets,
    ],
  });
  return rows;
}
