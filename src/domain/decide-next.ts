import type { InDoubtPolicy } from './channel.js';
import type { ErrorClass, Failed, Outcome } from './outcome.js';
import { jittered, quickDelayMs, type RetryPolicy, slowDelayMs } from './retry-policy.js';
import type { Status } from './status.js';

/** What an outcome leads to: the new status and, when it goes again, after how long. */
export type Next =
  | { status: 'sent' | 'delivered' | 'in_doubt' | 'suppressed' | 'expired'; reason: string }
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
  onInDoubt: InDoubtPolicy;
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
/** An unknown outcome is not repeated at once: the receiver may still be busy with the first. */
const IN_DOUBT_MIN_DELAY_MS = 1_000;

/** One verdict: the only place that knows what follows from an outcome. Pure. */
export function decideNext(outcome: Outcome, at: Situation): Next {
  switch (outcome.kind) {
    case 'taken':
      return { status: outcome.isReceipt ? 'delivered' : 'sent', reason: outcome.code };
    case 'rejected':
      return rejected(outcome, at);
    case 'in_doubt':
      return at.onInDoubt === 'retry'
        ? retryOrDie(outcome, at, IN_DOUBT_MIN_DELAY_MS)
        : { status: 'in_doubt', reason: outcome.code };
    case 'deferred':
    case 'not_sent':
      return retryOrDie(outcome, at, 0);
  }
}

function rejected(outcome: Failed, at: Situation): Next {
  if (outcome.class === 'suppress') return { status: 'suppressed', reason: outcome.code };
  if (outcome.class === 'configuration') return waitForOperator(outcome, at);
  return { status: 'dead', reason: outcome.code, class: outcome.class };
}

function retryOrDie(outcome: Failed, at: Situation, minimumMs: number): Next {
  switch (outcome.class) {
    case 'configuration':
    case 'throttled':
    case 'lease':
      return waitForOperator(outcome, at);
    case 'quiet':
      return unlessTooLate(outcome, at, QUIET_MIN_DELAY_MS, false);
    case 'internal':
      // Rendering the same data again gives the same fault; a bug of ours is not cured in sixteen seconds, but a
      // deployment under way may be. It takes the quick schedule and then the dead letters.
      return scheduled(outcome, at, quick(at), minimumMs);
    case 'slow':
      return scheduled(outcome, at, quick(at) ?? slow(at), minimumMs);
    default:
      return scheduled(outcome, at, quick(at), minimumMs);
  }
}

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
  if (plannedMs === undefined) return { status: 'dead', reason: outcome.code, class: outcome.class };
  const delayMs = jittered(Math.max(plannedMs, minimumMs), at.policy.jitter, at.random);
  return unlessTooLate(outcome, at, Math.max(delayMs, clampRetryAfter(outcome.retryAfterMs)), true);
}

function unlessTooLate(outcome: Failed, at: Situation, delayMs: number, consumesTry: boolean): Next {
  const goesMs = at.nowMs + delayMs;
  const quietMs = (at.opensAtMs?.(goesMs) ?? goesMs) - goesMs;
  if (goesMs >= at.deadlineMs) return { status: 'dead', reason: outcome.code, class: 'deadline' };
  if (at.expiresMs !== undefined && goesMs + quietMs >= at.expiresMs) {
    return { status: 'expired', reason: outcome.code };
  }
  if (quietMs === 0) return { status: 'retrying', reason: outcome.code, delayMs, consumesTry };
  return { status: 'retrying', reason: QUIET_HOURS, delayMs: delayMs + quietMs, consumesTry, quietMs };
}

const quick = (at: Situation): number | undefined =>
  at.tries <= at.policy.retries ? quickDelayMs(at.policy, at.tries) : undefined;

const slow = (at: Situation): number | undefined => slowDelayMs(at.policy, at.tries - at.policy.retries);

const clampRetryAfter = (retryAfterMs: number | undefined): number =>
  Math.min(RETRY_AFTER_CAP_MS, Math.max(0, retryAfterMs ?? 0));

/** The states a verdict can lead to, for the database's writer. */
export type NextStatus = Extract<Status, Next['status']>;
