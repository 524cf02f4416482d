import type { Pool, PoolClient } from 'pg';

export interface StoredDelivery {
  target: string;
  event: string;
  tries: number;
  deliveredAt: string | null;
  givenUpAt: string | null;
  nextAt: string;
  lastError: string | null;
}

export interface StoredAlert {
  id: string;
  alertKey: string;
  kind: string;
  severity: string;
  summary: string;
  count: number;
  since: Date;
  raisedAt: Date;
  lastSeenAt: Date;
  notifiedAt: Date | null;
  told: number;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  resolvedAt: Date | null;
  detail: Record<string, unknown>;
  /** The latest news of each target. */
  targets: StoredDelivery[];
}

export interface AlertFilter {
  id?: string | undefined;
  kind?: string | undefined;
  isOpen?: boolean | undefined;
  /** Only older ones. */
  before?: string | undefined;
  limit: number;
}

/** Newest first, by the primary key, whose order is that of raising. Open ones are few and found by their own index. */
export async function listAlerts(db: Pool | PoolClient, filter: AlertFilter): Promise<StoredAlert[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [
    'true',
    ...(filter.id === undefined ? [] : [`a.id = ${bind(filter.id)}`]),
    ...(filter.kind === undefined ? [] : [`a.kind = ${bind(filter.kind)}`]),
    ...(filter.isOpen === undefined ? [] : [`a.resolved_at IS ${filter.isOpen ? '' : 'NOT '}NULL`]),
    ...(filter.before === undefined ? [] : [`a.id < ${bind(filter.before)}`]),
  ];
  const { rows } = await db.query<StoredAlert>(
    `SELECT a.id, a.alert_key AS "alertKey", a.kind, a.severity, a.summary, a.count::float8 AS count, a.since,
            a.raised_at AS "raisedAt", a.last_seen_at AS "lastSeenAt", a.notified_at AS "notifiedAt", a.told,
            a.acknowledged_at AS "acknowledgedAt", a.acknowledged_by AS "acknowledgedBy",
            a.resolved_at AS "resolvedAt", a.detail,
            coalesce((SELECT jsonb_agg(jsonb_build_object(
                               'target', d.target, 'event', d.event, 'tries', d.tries, 'deliveredAt', d.delivered_at,
                               'givenUpAt', d.given_up_at, 'nextAt', d.next_at, 'lastError', d.last_error)
                               ORDER BY d.target)
                        FROM (SELECT DISTINCT ON (target) * FROM alert_deliveries
                               WHERE alert_id = a.id ORDER BY target, news DESC) d), '[]') AS targets
       FROM alerts a WHERE ${conditions.join(' AND ')} ORDER BY a.id DESC LIMIT ${bind(filter.limit)}`,
    values,
  );
  return rows;
}
