/** Rows in the first step; nobody knows yet how fast the database is. */
const FIRST_ROWS = 100;
const FEWEST_ROWS = 10;
/** Locks of a step are held no longer than it takes, and a claim may wait for one. */
const MOST_ROWS = 500;
/** What a step should take. Milliseconds. */
const AIM_MS = 50;
/** Even a step that found nothing is followed by a breath. */
const SHORTEST_PAUSE_MS = 5;

/**
 * How much a step takes on, and how long nobody steps after it: as long as it took, so that erasing never has more than half
 * of one connection, and less the busier the database is.
 */
export class Pace {
  rows = FIRST_ROWS;

  /** Learns from a step; answers the pause after it, ms. */
  after(tookMs: number): number {
    if (tookMs > AIM_MS) this.takeLess();
    else this.rows = Math.min(MOST_ROWS, Math.ceil(this.rows * 1.25));
    return Math.max(SHORTEST_PAUSE_MS, tookMs);
  }

  /** Also after a step that failed: what was too much for its time limit is tried again in halves. */
  takeLess(): void {
    this.rows = Math.max(FEWEST_ROWS, Math.floor(this.rows / 2));
  }
}
