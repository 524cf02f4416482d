export interface RestOptions {
  /** So many times as long as statements take. Asked after each. */
  times: () => number;
  /** Rows for which nobody waits: of so many, what a statement costs beside them is little. */
  enough: number;
}

/** However long they take: a PostgreSQL that hangs for a while does not slow down what comes after. Milliseconds. */
const LONGEST_MS = 20;
/** Of what one statement took, so much is believed: one that waited for the disk is no sign of a busy machine. */
const BELIEVED = 1 / 8;

/**
 * The time between two statements of few rows. What a statement costs, on both sides, is mostly the same for one row and for
 * twenty: while rows come one by one, faster than statements end, a statement each would take the machine from the work that
 * they belong to. In proportion to what statements take: on an idle machine that is a few milliseconds, on a busy one more.
 */
export class StatementRest {
  /** Monotonic, ms. */
  private until = -Infinity;
  private typicalMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: RestOptions,
    /** Called when it is over and rows were held. */
    private readonly wake: () => void,
  ) {}

  begin(tookMs: number): void {
    this.typicalMs += (Math.min(tookMs, LONGEST_MS) - this.typicalMs) * BELIEVED;
    this.until = performance.now() + Math.min(LONGEST_MS, this.typicalMs * this.options.times());
  }

  /** Whether so many rows wait on; then `wake` follows. */
  holds(rows: number): boolean {
    const leftMs = this.until - performance.now();
    if (leftMs <= 0 || rows >= this.options.enough) return false;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.wake();
    }, leftMs);
    return true;
  }
}
