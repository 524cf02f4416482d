import { rampRate } from '../domain/ramp.js';
import { budgetFor, budgetLeft, type RetryBudget, sendsIn, untilBudgetMs } from '../domain/retry-budget.js';
import { tokensIn, untilTokenMs } from '../domain/token-bucket.js';
import type { Standing } from './sql/read-standings.js';

/** What the configuration says of it. */
export interface ProviderTerms {
  name: string;
  concurrency: number;
  ratePerSecond: number | undefined;
  retryBudget: RetryBudget;
}

/** What a provider may be given at one moment. */
export interface ProviderAllowance {
  /** Calls a second; undefined: as many as it takes. */
  ratePerSecond: number | undefined;
  isRecovering: boolean;
  /** Infinite without a rate. */
  tokens: number;
  untilTokenMs: number;
  retries: { left: number; of: number; used: number; firsts: number; untilMs: number };
}

/** The lower of its own rate and of what its recovery allows. */
export function allowanceOf(terms: ProviderTerms, standing: Standing): ProviderAllowance {
  const { slots, presentMs, level } = standing;
  const ramp = rampRate(terms.concurrency, standing.rampMs);
  const ratePerSecond = lower(terms.ratePerSecond, ramp);
  const tokens = ratePerSecond === undefined ? Infinity : tokensIn(level, ratePerSecond);
  const sends = sendsIn(slots);
  return {
    ratePerSecond,
    isRecovering: ramp !== undefined && ratePerSecond === ramp,
    tokens,
    untilTokenMs: ratePerSecond === undefined ? 0 : untilTokenMs(tokens, ratePerSecond),
    retries: {
      left: budgetLeft(slots, terms.retryBudget),
      of: budgetFor(sends, terms.retryBudget),
      used: sends.retries,
      firsts: sends.firsts,
      untilMs: untilBudgetMs(slots, terms.retryBudget, presentMs),
    },
  };
}

const lower = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
