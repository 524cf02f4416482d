import CircuitBreaker from 'opossum';

import { failed, type FailureScope, type Outcome } from '../domain/outcome.js';

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerSettings {
  /** Share of failed calls that opens it, 0–1. */
  errorRate: number;
  /** Calls in the window before it judges. */
  minimum: number;
  windowMs: number;
  resetMs: number;
  /** Failures that speak about what this breaker guards. The refusal of one message never does. */
  scopes: readonly FailureScope[];
}

/** Every provider ends its calls by deadlines of its own; this one only keeps a bug from holding a breaker half-open. */
const LONGEST_CALL_MS = 900_000;
const BUCKETS = 10;

/**
 * opossum, which thinks in exceptions, behind values: what a call came to goes in as a value and comes out as one.
 *
 * No `capacity` (a full bulkhead would count as a failure), no `fallback` (a failure would look sent), no percentiles (each
 * failure would sort the window).
 */
export class Breaker {
  private readonly circuit: CircuitBreaker<[() => Promise<Outcome>], Outcome>;

  constructor(settings: BreakerSettings, onChange: (state: BreakerState) => void) {
    const judge = (outcome: Outcome): Outcome => {
      if (isFault(outcome, settings.scopes)) throw new GuardedFault(outcome);
      return outcome;
    };
    const call = (send: () => Promise<Outcome>): Promise<Outcome> => send().then(judge);
    this.circuit = new CircuitBreaker(call, {
      timeout: LONGEST_CALL_MS,
      errorThresholdPercentage: settings.errorRate * 100,
      volumeThreshold: settings.minimum,
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: BUCKETS,
      resetTimeout: settings.resetMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    this.circuit.on('open', () => onChange('open'));
    this.circuit.on('halfOpen', () => onChange('half_open'));
    this.circuit.on('close', () => onChange('closed'));
  }

  get state(): BreakerState {
    if (this.circuit.opened) return 'open';
    return this.circuit.halfOpen ? 'half_open' : 'closed';
  }

  /** Whether a call would be made: not while it is open, nor, half-open, while the one call that tries is under way. */
  get admits(): boolean {
    return !this.circuit.opened && !(this.circuit.halfOpen && !this.circuit.pendingClose);
  }

  /** Makes the call, unless it is open: then nobody is called and no try is consumed. */
  call(send: () => Promise<Outcome>): Promise<Outcome> {
    return this.circuit.fire(send).catch(outcomeIn);
  }

  /** By an operator's word: it judges anew from here. */
  close(): void {
    this.circuit.close();
  }

  shutdown(): void {
    this.circuit.shutdown();
  }
}

function outcomeIn(error: unknown): Outcome {
  if (error instanceof GuardedFault) return error.outcome;
  if ((error as { code?: string }).code !== 'EOPENBREAKER') throw error;
  const detail = 'Its breaker opened between the claim and the call: nobody was called.';
  return failed('not_sent', { class: 'lease', code: 'breaker_open', detail, scope: 'message' });
}

class GuardedFault extends Error {
  constructor(readonly outcome: Outcome) {
    super(outcome.code);
  }
}

/** A throttle is an answer of something that is well; its gate is held by what it asks for. */
const isFault = (outcome: Outcome, scopes: readonly FailureScope[]): boolean =>
  outcome.kind !== 'taken' && outcome.class !== 'throttled' && scopes.includes(outcome.scope);
