/** What the service says of itself to whoever subscribes. Words of the contract: never changed, only added to. */
export const OWN_EVENT_TYPES = [
  'posthaste.notification.sent',
  'posthaste.notification.delivered',
  'posthaste.notification.bounced',
  'posthaste.notification.dead',
  'posthaste.notification.in_doubt',
  'posthaste.notification.suppressed',
  'posthaste.notification.expired',
  'posthaste.endpoint.disabled',
  'posthaste.alert.raised',
  'posthaste.alert.resolved',
] as const;
export type OwnEventType = (typeof OWN_EVENT_TYPES)[number];

/** The ends of a notification that are told. The event's type ends with the status. */
export const TOLD_STATUSES = [
  'sent',
  'delivered',
  'bounced',
  'dead',
  'in_doubt',
  'suppressed',
  'expired',
] as const;

const OWN_PREFIX = 'posthaste.';

/** Types that callers may not use: `posthaste` and everything below it. */
export const isOwnType = (type: string): boolean => type === 'posthaste' || type.startsWith(OWN_PREFIX);

/**
 * Every pattern that an event of this type fits, the widest first: `invoice.paid` → `*`, `invoice.*`, `invoice.paid`.
 * The service's own events are matched only by patterns that name it, so `*` is not among theirs.
 */
export function patternsFitting(type: string): string[] {
  const words = type.split('.');
  const prefixes = words.slice(0, -1).map((_, i) => `${words.slice(0, i + 1).join('.')}.*`);
  return [...(isOwnType(type) ? [] : ['*']), ...prefixes, type];
}
