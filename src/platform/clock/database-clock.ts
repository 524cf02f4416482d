/**
 * The database's clock, as far as this process knows it: an offset renewed with each heartbeat. Due times, expiry and
 * `webhook-timestamp` use it, so that a machine whose clock is an hour off does no harm.
 */
export class DatabaseClock {
  /** Milliseconds to add to this machine's clock. */
  offsetMs = 0;
  /** Whether the database has been asked yet. */
  isKnown = false;

  now(): Date {
    return new Date(this.nowMs());
  }

  nowMs(): number {
    return Date.now() + this.offsetMs;
  }

  /** `askedMs` and `answeredMs`: this machine's clock around the question; the answer was true in the middle. */
  learn(databaseNowMs: number, askedMs: number, answeredMs: number): void {
    this.offsetMs = Math.round(databaseNowMs - (askedMs + answeredMs) / 2);
    this.isKnown = true;
  }
}
