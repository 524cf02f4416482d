import type { ChannelName, InDoubtRule } from './channel.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How often and how patiently one notification is tried. All durations in milliseconds. */
export interface RetryPolicy {
  /** Calls after the first. */
  retries: number;
  baseMs: number;
  factor: number;
  capMs: number;
  /** ± share of each delay, 0–1: callers that failed together do not come back together. */
  jitter: number;
  /** Delays for class `slow`, used after the quick ones are spent; its last entry repeats until the deadline. */
  slowMs: readonly number[];
  /** From accept (or `send_at`) until it is given up, whatever the reason of the wait. */
  deadlineMs: number;
  /** Between an unknown outcome and its repetition by a provider that does not recognise one. */
  inDoubtDelayMs: number;
  /** When a provider that can be asked is asked what became of a doubt, counted from it; empty: never. */
  askAfterMs: readonly number[];
}

/** 1, 2, 4, 8, 16 s, then the dead letters: a caller hears of a lasting fault within a minute. */
const QUICK = { retries: 5, baseMs: 1_000, factor: 2, capMs: HOUR_MS, jitter: 0.2 } as const;

/** The schedule Svix made customary for receivers that are down, from its second step on. */
const SLOW_MS = [
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
] as const;

/** An unknown outcome is not repeated at once: the receiver may still be busy with the first. */
const SECOND_MS = 1_000;
/** A server may work on a complete mail for ten minutes before it answers (RFC 5321 §4.5.3.2.6), and then it has it. */
const MAIL_IS_SETTLED_MS = 15 * MINUTE_MS;
/**
 * A provider's list lags behind its deliveries by seconds, and a call that was cut may still be worked on: at 30 s nearly
 * all are there, at 5 minutes one that is not there was not taken.
 */
const ASK_AFTER_MS = [30_000, 2 * MINUTE_MS, 5 * MINUTE_MS] as const;

const COMMON = { ...QUICK, slowMs: SLOW_MS, askAfterMs: ASK_AFTER_MS } as const;

export const DEFAULT_RETRY: Record<ChannelName, RetryPolicy> = {
  email: { ...COMMON, deadlineMs: 24 * HOUR_MS, inDoubtDelayMs: MAIL_IS_SETTLED_MS },
  sms: { ...COMMON, deadlineMs: HOUR_MS, inDoubtDelayMs: SECOND_MS },
  webhook: { ...COMMON, deadlineMs: 72 * HOUR_MS, inDoubtDelayMs: SECOND_MS },
};

/**
 * A webhook receiver has `webhook-id` to recognise a repetition. A second mail is a nuisance, a lost one is worse. A second
 * text annoys, costs, and may be unlawful.
 */
export const DEFAULT_IN_DOUBT: Record<ChannelName, InDoubtRule> = {
  email: 'once',
  sms: 'park',
  webhook: 'retry',
};

/** The delay before retry number `retry` (1 = the first), without jitter. Milliseconds. */
export function quickDelayMs(policy: RetryPolicy, retry: number): number {
  return Math.min(policy.capMs, policy.baseMs * policy.factor ** (retry - 1));
}

/** The delay before slow retry number `step` (1 = the first), without jitter. Milliseconds; undefined: no schedule. */
export function slowDelayMs(policy: RetryPolicy, step: number): number | undefined {
  return policy.slowMs[Math.min(step, policy.slowMs.length) - 1];
}

/** `random` in [0, 1). */
export function jittered(delayMs: number, jitter: number, random: number): number {
  return Math.round(delayMs * (1 + jitter * (2 * random - 1)));
}
