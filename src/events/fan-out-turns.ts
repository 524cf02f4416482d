import { GroupCommit } from '../platform/database/group-commit.js';

/**
 * Fan-outs under way at once in this process. Each holds one of the eight working connections for as long as it takes; claims,
 * outcomes, relay and upkeep need the others.
 */
const SMALL_AT_ONCE = 2;
const LARGE_AT_ONCE = 1;
/** A large one takes more than one chunk, so the small ones do not wait behind it. Subscribers. */
const LARGE = 500;
/** Kinds whose size is remembered; beyond them all count as small until they are seen again. */
const MAX_REMEMBERED = 10_000;

/**
 * In whose turn an event is spread: small fan-outs among themselves, large ones among themselves. How large one will be is what
 * the last of its kind was; the first of a kind counts as small.
 */
export class FanOutTurns<T, R> {
  private readonly large = new Set<string>();
  private readonly turns: Record<'small' | 'large', GroupCommit<T, R>>;

  constructor(spread: (one: T) => Promise<R>) {
    // One event a transaction; what lost a deadlock is repeated once.
    const turnsOf = (inFlight: number): GroupCommit<T, R> =>
      new GroupCommit(async ([one]) => [await spread(one!)], { maxRows: 1, inFlight });
    this.turns = { small: turnsOf(SMALL_AT_ONCE), large: turnsOf(LARGE_AT_ONCE) };
  }

  add(kind: string, one: T): Promise<R> {
    return this.turns[this.large.has(kind) ? 'large' : 'small'].add(one);
  }

  learn(kind: string, subscribers: number): void {
    if (subscribers <= LARGE) this.large.delete(kind);
    else if (this.large.size < MAX_REMEMBERED) this.large.add(kind);
  }

  /** Waiting or under way. */
  get size(): number {
    return this.turns.small.size + this.turns.large.size;
  }

  async drain(): Promise<void> {
    await Promise.all([this.turns.small.drain(), this.turns.large.drain()]);
  }
}
