import type { InDoubtRule } from './channel.js';
import { KNOWS_NONE, type Doubts } from './doubt.js';
import type { ErrorClass, Failed, Outcome, Taken } from './outcome.js';
import { jittered, quickDelayMs, type RetryPolicy, slowDelayMs } from './retry-policy.js';
import type { Status } from './status.js';

/** What an outcome leads to: the new status and, when it goes again, after how long. */
export type Next =
  | { status: 'sent' | 'delivered' | 'suppressed' | 'expired'; reason: string }
  /** Without `askInMs` it is parked: only a person, a receipt or a late word ends it. */
  | { status: 'in_doubt'; reason: string; askInMs?: number }
  | { status: 'dead'; reason: string; class: ErrorClass }
  | {
      status: 'retrying';
      reason: string;
      delayMs: number;
      consumesTry: boolean;
      /** The part of the delay that is quiet hours: the deadline's clock stands still in them. */
      quietMs?: number;
    };

/** What stands as the reason of one that waits for the end of quiet hours. */
export const QUIET_HOURS = 'quiet_hours';

/** What the decision may depend on. Times in milliseconds since the epoch, by the database's clock. */
export interface Situation {
  /** Calls that count against the policy since the last (re)drive, this one included. */
  tries: number;
  nowMs: number;
  deadlineMs: number;
  expiresMs: number | undefined;
  policy: RetryPolicy;
  onInDoubt: InDoubtRule;
  doubts: Doubts;
  /** In [0, 1). */
  random: number;
  /** When it may go, asked for a time at which it would: the end of the recipient's quiet hours. Left out: it has none. */
  opensAtMs?: ((ms: number) => number) | undefined;
}

/** A wait that is nobody's failure is looked at again after this long. */
const NOT_CONSUMED_DELAY_MS = 5_000;
/** Asking sooner than once an hour is our right, however long a provider wants us to stay away. */
const RETRY_AFTER_CAP_MS = 3_600_000;
/** The quiet hours that held it back may have ended since: then it goes soon, and not in a circle. */
const QUIET_MIN_DELAY_MS = 1_000;
/** This process knows the database's clock to half a round trip: never a moment before quiet hours end, by either. */
const QUIET_MARGIN_MS = 1_000;
/** Who recognises a repetition may still be busy with the first. */
const RECOGNISED_MIN_DELAY_MS = 1_000;

/** One verdict: the only place that knows what follows from an outcome. Pure. */
export function decideNext(outcome: Outcome, at: Situation): Next {
  switch (outcome.kind) {
    case 'taken':
      return afterTaken(outcome);
    case 'rejected':
      return rejected(outcome, at);
    case 'in_doubt':
      return doubtful(outcome, at);
    case 'deferred':
    case 'not_sent':
      return retryOrEnd(outcome, at);
  }
}

/** Depends on nothing else: nearly every outcome is this one, and its situation need not be looked into. */
export const afterTaken = (outcome: Taken): Next => ({
  status: outcome.isReceipt ? 'delivered' : 'sent',
  reason: outcome.code,
});

function rejected(outcome: Failed, at: Situation): Next {
  if (outcome.class === 'suppress') return { status: 'suppressed', reason: outcome.code };
  if (outcome.class === 'configuration') return waitForOperator(outcome, at);
  return { status: 'dead', reason: outcome.code, class: outcome.class };
}

/** Nobody can know whether it arrived. Asking comes before repeating, and a repetition is never a second life. */
function doubtful(outcome: Failed, at: Situation): Next {
  // The provider has said that the same call will be answered the same way: repeating it cannot end the doubt.
  if (outcome.class === 'permanent' || at.onInDoubt === 'park') return parked(outcome, at);
  if (at.onInDoubt === 'failover' && at.doubts.hasOther) return elsewhere(outcome, at);
  if (isAskable(at)) return parked(outcome, at);
  if (at.onInDoubt === 'once' && at.doubts.keyLeftMs <= 0 && at.doubts.count > 1) return parked(outcome, at);
  return scheduled(outcome, at, planned(outcome, at), minimumOf(at));
}

/** At once, by a provider that cannot have it. */
function elsewhere(outcome: Failed, at: Situation): Next {
  return quick(at) === undefined ? parked(outcome, at) : unlessTooLate(outcome, at, 0, true);
}

/** Asked where somebody can be, else left to a person. */
function parked(outcome: Failed, at: Situation): Next {
  const [askInMs] = at.policy.askAfterMs;
  const isAsked = at.doubts.canBeAsked && askInMs !== undefined && outcome.class !== 'permanent';
  return { status: 'in_doubt', reason: outcome.code, ...(isAsked ? { askInMs } : {}) };
}

const isAskable = ({ doubts, policy }: Situation): boolean =>
  doubts.canBeAsked && policy.askAfterMs.length > 0;

/** What follows when a provider was asked for the last time and does not have it. */
export function decideUnfound(at: Situation): 'again' | 'expired' | 'park' {
  if (at.expiresMs !== undefined && at.nowMs >= at.expiresMs) return 'expired';
  if (at.nowMs >= at.deadlineMs || quick(at) === undefined || at.onInDoubt === 'park') return 'park';
  return at.onInDoubt === 'once' && at.doubts.count > 1 ? 'park' : 'again';
}

/** Jittered upwards only: "at least" is a promise. */
const minimumOf = ({ doubts, policy, random }: Situation): number =>
  doubts.keyLeftMs > KNOWS_NONE
    ? RECOGNISED_MIN_DELAY_MS
    : Math.round(policy.inDoubtDelayMs * (1 + policy.jitter * random));

function retryOrEnd(outcome: Failed, at: Situation): Next {
  switch (outcome.class) {
    case 'configuration':
    case 'throttled':
    case 'lease':
      return waitForOperator(outcome, at);
    case 'quiet':
      return unlessTooLate(outcome, at, QUIET_MIN_DELAY_MS, false);
    case 'in_doubt':
      // Nothing left this time, but going on would end no doubt: the content is not what may have arrived.
      return { status: 'in_doubt', reason: outcome.code };
    default:
      return scheduled(outcome, at, planned(outcome, at), 0);
  }
}

/**
 * Our own faults take the quick schedule, too: rendering the same data again gives the same fault, but a deployment may be
 * under way that cures it.
 */
const planned = (outcome: Failed, at: Situation): number | undefined =>
  outcome.class === 'slow' ? (quick(at) ?? slow(at)) : quick(at);

/** Waits that are not the message's fault consume no try; the deadline alone ends them. */
function waitForOperator(outcome: Failed, at: Situation): Next {
  // Jittered before the maximum: what a provider asked for is waited for in full.
  const delayMs = Math.max(
    jittered(NOT_CONSUMED_DELAY_MS, at.policy.jitter, at.random),
    clampRetryAfter(outcome.retryAfterMs),
  );
  return unlessTooLate(outcome, at, delayMs, false);
}

function scheduled(outcome: Failed, at: Situation, plannedMs: number | undefined, minimumMs: number): Next {
  if (plannedMs === undefined) {
    return ended(outcome, at, { status: 'dead', reason: outcome.code, class: outcome.class });
  }
  const delayMs = Math.max(jittered(plannedMs, at.policy.jitter, at.random), minimumMs);
  return unlessTooLate(outcome, at, Math.max(delayMs, clampRetryAfter(outcome.retryAfterMs)), true);
}

function unlessTooLate(outcome: Failed, at: Situation, delayMs: number, consumesTry: boolean): Next {
  const goesMs = at.nowMs + delayMs;
  const opensMs = at.opensAtMs?.(goesMs) ?? goesMs;
  const quietMs = opensMs > goesMs ? opensMs - goesMs + QUIET_MARGIN_MS : 0;
  if (isForgottenBy(at, delayMs + quietMs)) return parked(outcome, at);
  if (goesMs >= at.deadlineMs) {
    return ended(outcome, at, { status: 'dead', reason: outcome.code, class: 'deadline' });
  }
  if (at.expiresMs !== undefined && opensMs >= at.expiresMs) {
    return ended(outcome, at, { status: 'expired', reason: outcome.code });
  }
  if (quietMs === 0) return { status: 'retrying', reason: outcome.code, delayMs, consumesTry };
  return { status: 'retrying', reason: QUIET_HOURS, delayMs: delayMs + quietMs, consumesTry, quietMs };
}

/** By default a key is trusted as long as it is known, and not a moment longer. */
const isForgottenBy = ({ onInDoubt, doubts }: Situation, delayMs: number): boolean =>
  onInDoubt === 'once' && doubts.count > 0 && doubts.keyLeftMs > KNOWS_NONE && delayMs >= doubts.keyLeftMs;

/**
 * Given up; but what may have arrived is neither dead nor expired, unless repeating it is harmless for ever: then the dead
 * letters and their redrives serve it better.
 */
const ended = (outcome: Failed, at: Situation, end: Next): Next =>
  at.doubts.count > 0 && at.doubts.keyLeftMs !== Infinity ? parked(outcome, at) : end;

const quick = (at: Situation): number | undefined =>
  at.tries <= at.policy.retries ? quickDelayMs(at.policy, at.tries) : undefined;

const slow = (at: Situation): number | undefined => slowDelayMs(at.policy, at.tries - at.policy.retries);

const clampRetryAfter = (retryAfterMs: number | undefined): number =>
  Math.min(RETRY_AFTER_CAP_MS, Math.max(0, retryAfterMs ?? 0));

/** The states a verdict can lead to, for the database's writer. */
export type NextStatus = Extract<Status, Next['status']>;
