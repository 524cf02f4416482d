import type { AddressFault } from './suppression.js';

/**
 * What became of one call to a provider. A value, never an exception: a refusal is an everyday answer.
 *
 * - `taken`     the provider said yes
 * - `not_sent`  surely nothing left: it may be repeated without a thought
 * - `deferred`  the provider said "not now"
 * - `rejected`  the provider said "never"
 * - `in_doubt`  it may have happened: nobody can know from here
 */
export const OUTCOME_KINDS = ['taken', 'not_sent', 'deferred', 'rejected', 'in_doubt'] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

/** Why, in words that decide what follows. Each channel's table maps its own codes to these. */
export const ERROR_CLASSES = [
  'network', // refused, unresolvable, reset before the request left
  'retry', // a passing fault the provider admits to
  'slow', // greylisting, a full mailbox, a receiver that is down: the slow schedule
  'throttled', // 429 and kin: the gate is held, no attempt is consumed
  'permanent', // this message will never be taken
  'suppress', // this address will never take anything
  'configuration', // our credentials or sender are wrong: an operator must act, no attempt is consumed
  'gone', // 410: the subscriber asked us to stop
  'in_doubt', // see the outcome of the same name
  'quiet', // it is night where the recipient is: nobody was called
  'lease', // this worker could not prove that it is alive, so it did not call
  'internal', // our own fault: a template, a bug
  'deadline', // time ran out before a provider took it
  'expired', // the caller's own expiry passed
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** How much of the world a failure speaks about. Only `provider` feeds the provider's breaker. */
export type FailureScope = 'provider' | 'host' | 'endpoint' | 'message';

export interface Taken {
  kind: 'taken';
  /** The provider's own code: `250`, `201`, `204`. */
  code: string;
  /** Sanitised: no address, no secret. At most 1 KB. */
  detail: string;
  providerMessageId?: string;
  /** The answer is itself the receipt (a webhook's 2xx): the notification is delivered, not only sent. */
  isReceipt: boolean;
}

export interface Failed {
  kind: Exclude<OutcomeKind, 'taken'>;
  class: ErrorClass;
  /** Stable and short: `smtp_550_5.1.1`, `http_503`, `connect_refused`, `twilio_21610`. */
  code: string;
  /** Sanitised: no address, no secret. At most 1 KB. */
  detail: string;
  scope: FailureScope;
  /** What the provider asked for, unclamped. */
  retryAfterMs?: number;
  /** It may have it already and knows it by our key: it may go again, but to no other provider. */
  isPinned?: boolean;
  /** What it says of the address; class `suppress` without it says `hard_bounce`, at once. */
  address?: AddressFault;
}

export type Outcome = Taken | Failed;

export const taken = (
  code: string,
  detail: string,
  more: { providerMessageId?: string; isReceipt?: boolean } = {},
): Taken => ({
  kind: 'taken',
  code,
  detail,
  isReceipt: more.isReceipt ?? false,
  ...(more.providerMessageId === undefined ? {} : { providerMessageId: more.providerMessageId }),
});

export const failed = (kind: Failed['kind'], failure: Omit<Failed, 'kind'>): Failed => ({ kind, ...failure });

/** Our own fault, before the provider was called. */
export const internalFault = (code: string, detail: string): Failed =>
  failed('not_sent', { class: 'internal', code, detail, scope: 'message' });
