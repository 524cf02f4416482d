import { toPublicId } from '../domain/public-id.js';
import type { AlertView } from './alert.schema.js';
import type { StoredAlert, StoredDelivery } from './alerts.store.js';

export const toAlertView = (alert: StoredAlert): AlertView => ({
  id: toPublicId('alert', alert.id),
  key: alert.alertKey,
  kind: alert.kind,
  severity: alert.severity as AlertView['severity'],
  state: stateOf(alert),
  summary: alert.summary,
  count: alert.count,
  since: alert.since.toISOString(),
  raised_at: alert.raisedAt.toISOString(),
  last_seen_at: alert.lastSeenAt.toISOString(),
  notified_at: alert.notifiedAt?.toISOString() ?? null,
  told: alert.told,
  acknowledged_at: alert.acknowledgedAt?.toISOString() ?? null,
  acknowledged_by: alert.acknowledgedBy,
  resolved_at: alert.resolvedAt?.toISOString() ?? null,
  detail: alert.detail,
  targets: alert.targets.map(toTarget),
});

function stateOf({ resolvedAt, acknowledgedAt }: StoredAlert): AlertView['state'] {
  if (resolvedAt) return 'resolved';
  return acknowledgedAt ? 'acknowledged' : 'open';
}

function toTarget(delivery: StoredDelivery): AlertView['targets'][number] {
  const state = progressOf(delivery);
  return {
    name: delivery.target,
    event: delivery.event as AlertView['targets'][number]['event'],
    state,
    tries: delivery.tries,
    next_at: state === 'told' || state === 'given_up' ? null : new Date(delivery.nextAt).toISOString(),
    last_error: delivery.lastError,
  };
}

function progressOf({
  deliveredAt,
  givenUpAt,
  lastError,
}: StoredDelivery): AlertView['targets'][number]['state'] {
  if (deliveredAt !== null) return 'told';
  if (givenUpAt !== null) return 'given_up';
  return lastError === null ? 'waiting' : 'failing';
}
