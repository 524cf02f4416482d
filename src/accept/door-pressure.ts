import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** Looked at this often while requests come. Milliseconds. */
const LOOK_MS = 100;
/** A look that is older than this has nothing to do with the one before it. Milliseconds. */
const STALE_MS = 500;
/** So many looks that find it busy make a burst; one that does not takes back two, of twice as many at most. */
const LOOKS = 3;
/** The part of its time in which the process has had something to do. */
const BUSY = 0.6;
/** Requests that wait for their commit. */
const CALLERS = 16;

/** What the process has been doing since it started. */
export type ReadUtilization = () => EventLoopUtilization;

/**
 * Whether this process's door is pressed: callers stand in line, and its event loop has no time to spare. Both, for a third of a
 * second: a slow PostgreSQL makes callers wait too, and leaving it alone makes it no faster.
 */
export class DoorPressure {
  private last: EventLoopUtilization;
  private lookedAt = -Infinity;
  private level = 0;

  constructor(
    private readonly read: ReadUtilization = () => performance.eventLoopUtilization(),
    private readonly now: () => number = () => performance.now(),
  ) {
    this.last = read();
  }

  /** Called at each group of requests; `callers`: those that wait, this group's included. */
  note(callers: number): void {
    const now = this.now();
    const elapsed = now - this.lookedAt;
    if (elapsed < LOOK_MS) return;
    const before = this.last;
    this.last = this.read();
    this.lookedAt = now;
    const active = this.last.active - before.active;
    const isBusy = active >= BUSY * (active + this.last.idle - before.idle);
    if (elapsed >= STALE_MS) this.level = 0;
    else if (isBusy && callers >= CALLERS) this.level = Math.min(2 * LOOKS, this.level + 1);
    else this.level = Math.max(0, this.level - 2);
  }

  get isPressed(): boolean {
    return this.level >= LOOKS && this.now() - this.lookedAt < STALE_MS;
  }
}
