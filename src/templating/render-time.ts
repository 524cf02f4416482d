/** A shipped template takes well under a millisecond; this stops the endless ones. Milliseconds. */
const RENDER_LIMIT_MS = 250;

/** All threads of a process are counted together: while it starts, the compiler's work beside the rendering. */
const CPU_LIMIT_MICROS = 2 * RENDER_LIMIT_MS * 1_000;

/** What takes longer than this has its processor time counted from here on: asking for it costs as much as a whole text. Milliseconds. */
const SUSPICIOUS_MS = 10;

/** Reading the clock costs as much as writing a node; what one node may do is bounded by the memory it may use. */
const NODES_A_LOOK = 16;

/**
 * How long one rendering may take. By the clock first, which costs little; then by what the processor has really done: on a
 * machine that is short of it a process may stand still for longer than the limit, and that is no fault of a template. To its
 * caller it would look like one, and the caller would never try again.
 */
export class RenderTime {
  private readonly startedAt = performance.now();
  private suspected: NodeJS.CpuUsage | undefined;
  private nodes = 0;

  /** Called before each node. Throws when it has taken too long. */
  count(): void {
    if (++this.nodes % NODES_A_LOOK === 0) this.check(performance.now());
  }

  /** `now`: by the monotonic clock. */
  check(now: number): void {
    const elapsed = now - this.startedAt;
    if (elapsed <= SUSPICIOUS_MS) return;
    this.suspected ??= process.cpuUsage();
    if (elapsed <= RENDER_LIMIT_MS) return;
    const { user, system } = process.cpuUsage(this.suspected);
    if (user + system > CPU_LIMIT_MICROS) throw new Error('template render limit exceeded');
  }

  use(): void {
    // A time is not used up piece by piece.
  }
}
