/** A shipped template takes well under a millisecond; this stops the endless ones. Milliseconds. */
const RENDER_LIMIT_MS = 250;

/** All threads of a process are counted together: while it starts, the compiler's work beside the rendering. */
const CPU_LIMIT_MICROS = 2 * RENDER_LIMIT_MS * 1_000;

/**
 * How long one rendering may take, as Liquid asks for it before each node. By the clock first, which costs nothing; then by what
 * the processor has really done: on a machine that is short of it a process may stand still for longer than the limit, and that
 * is no fault of a template. To its caller it would look like one, and the caller would never try again.
 */
export class RenderTime {
  private readonly startedAt = performance.now();
  private readonly used = process.cpuUsage();

  /** Throws when it has taken too long; `now`: by the monotonic clock. */
  check(now: number): void {
    if (now - this.startedAt <= RENDER_LIMIT_MS) return;
    const { user, system } = process.cpuUsage(this.used);
    if (user + system > CPU_LIMIT_MICROS) throw new Error('template render limit exceeded');
  }

  use(): void {
    // A time is not used up piece by piece.
  }
}
