import type { Published } from '../outbox/outbox.store.js';
import type { Ration } from './rations.js';

/** A rate's next token is waited for at least this long: several are taken together. Milliseconds. */
const TOKENS_MS = 20;

/** What one pass over all that is due came to, as it comes. */
export class Pass {
  published = 0;
  /** Something is due and its queue has no room. */
  isFull = false;
  /** Until the next row may go, milliseconds; 0 when one may already; undefined when nothing waits. */
  dueMs: number | undefined;
  /** The first queue that could not be served, and why. */
  failure: Error | undefined;
  private isExplained = false;

  /** `hasMore`: there is more to look at than one pass does. `pausedTypes`: of which nothing goes. `most`: rows that may go. */
  constructor(
    private hasMore: boolean,
    readonly pausedTypes: readonly string[] = [],
    private readonly most = Infinity,
  ) {}

  /** How many more may go. */
  get left(): number {
    return Math.max(0, this.most - this.published);
  }

  /** The next pass has something to do at once. */
  get goesOn(): boolean {
    return this.hasMore || this.left === 0;
  }

  waitsFor(ms: number): void {
    this.dueMs = Math.min(this.dueMs ?? Infinity, ms);
  }

  /** Nothing was allowed, and this is why. */
  hadNone(ration: Ration): Published[] {
    this.isExplained = true;
    this.endedAt(ration);
    return [];
  }

  /** All went that might: what more of it would find. What is kept back for retries is no reason to go on at once. */
  endedAt({ isFull, hasHadItsPart, waitMs }: Ration): void {
    if (isFull) this.isFull = true;
    else if (hasHadItsPart) this.hasMore = true;
    else if (waitMs !== undefined) this.waitsFor(Math.max(TOKENS_MS, waitMs));
  }

  /** The other queues are not to blame. */
  readonly failed = (error: unknown): Published[] => {
    this.failure ??= error as Error;
    return [];
  };

  /** A group with something due of which nothing went. Without a reason: it is in another relay's hands. */
  hadNothing(): void {
    if (!this.isExplained) this.waitsFor(0);
    this.isExplained = false;
  }
}
