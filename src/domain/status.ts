/**
 * The states of a notification, as data.
 *
 * One table: the database's CHECK constraints, the diagram in docs/architecture.md and this file are compared by a
 * test. "queued" is not a state: it is a waiting notification whose outbox row is published.
 */
export const STATUSES = [
  'accepted',
  'scheduled',
  'retrying',
  'sending',
  'in_doubt',
  'sent',
  'delivered',
  'bounced',
  'suppressed',
  'expired',
  'cancelled',
  'dead',
  'discarded',
] as const;

export type Status = (typeof STATUSES)[number];

/** An outbox row exists exactly while a notification is in one of these. */
export const WAITING = ['accepted', 'scheduled', 'retrying'] as const satisfies readonly Status[];

/** Nothing is owed and nothing is under way: what may be erased. A redrive or a receipt may still follow. */
export const SETTLED: readonly Status[] = STATUSES.filter(
  (status) => status !== 'sending' && status !== 'in_doubt' && !WAITING.some((one) => one === status),
);

const whileWaiting = [
  'sending',
  'cancelled',
  'expired',
  'suppressed',
  'dead',
] as const satisfies readonly Status[];

/** From each state, the states that may follow. `retrying` out of a settled state happens only by a redrive. */
export const TRANSITIONS = {
  accepted: whileWaiting,
  scheduled: whileWaiting,
  // A late outcome or a receipt settles what waits for its retry; time ends a doubt by parking it.
  retrying: [...whileWaiting, 'sent', 'delivered', 'bounced', 'in_doubt'],
  sending: ['sent', 'delivered', 'retrying', 'in_doubt', 'suppressed', 'expired', 'dead'],
  in_doubt: ['sent', 'delivered', 'bounced', 'retrying', 'expired', 'dead'],
  sent: ['delivered', 'bounced', 'retrying'],
  delivered: ['retrying'],
  bounced: ['retrying'],
  dead: ['retrying', 'discarded'],
  suppressed: [],
  expired: [],
  cancelled: [],
  discarded: [],
} as const satisfies Record<Status, readonly Status[]>;

/** Neither on its way nor delivered: these have a row in `undelivered`, which is how operators find them. */
export const UNDELIVERED = [
  'in_doubt',
  'bounced',
  'suppressed',
  'expired',
  'cancelled',
  'dead',
  'discarded',
] as const satisfies readonly Status[];

export type UndeliveredStatus = (typeof UNDELIVERED)[number];

export const isWaiting = (status: Status): boolean => (WAITING as readonly Status[]).includes(status);

export const isUndelivered = (status: Status): status is UndeliveredStatus =>
  (UNDELIVERED as readonly Status[]).includes(status);

export const mayBecome = (from: Status, to: Status): boolean =>
  (TRANSITIONS[from] as readonly Status[]).includes(to);
