/** A door that is pressed says so every 50 ms; one that is silent for this long rests. Milliseconds. */
const SILENCE_MS = 300;
/** Waited at a stretch; time in which nothing is waited for gives as much of it back. Milliseconds. */
const LONGEST_MS = 10_000;

/**
 * Whether relays let the door of their machine go first: a caller waits for its answer with a connection open, what it has been
 * answered for is safe. For ten seconds at a stretch, and in the long run for half of the time: callers who never stop delay
 * what is accepted and do not hold it.
 */
export class DoorYield {
  private leftMs = LONGEST_MS;
  private heardAt = -Infinity;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The door of this machine says that it is pressed. */
  note(): void {
    const elapsed = this.now() - this.heardAt;
    this.leftMs = Math.min(LONGEST_MS, this.leftMs + (this.isYielding() ? -elapsed : elapsed));
    this.heardAt = this.now();
  }

  isYielding(): boolean {
    return this.leftMs > 0 && this.now() - this.heardAt < SILENCE_MS;
  }
}
