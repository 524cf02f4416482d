import type { Group } from './group.js';
import type { Published, Turn } from './sql/publish-due.js';

/** Statements for one publication at most: what a sender leaves of its share goes to the others, in ever smaller parts. */
const ROUNDS = 4;
/** Lower than every sender. */
const BEFORE_ALL = -(2 ** 31);

/**
 * Whose turn it is among the API keys that something waits of: round and round, by an equal share each. What one leaves of
 * its share the others have. Kept over publications, so that a rate of one a second is shared as a window of hundreds is.
 * Each relay keeps its own count.
 */
export class SenderTurns {
  private readonly last = new Map<string, number>();

  /** `publish`: marks at most `most` rows, beginning with the sender behind `after`. */
  async take(
    group: Group,
    most: number,
    publish: (most: number, after: number) => Promise<Turn>,
  ): Promise<Published[]> {
    const key = `${group.channel} ${group.lane} ${group.pin} ${group.isRetry}`;
    const taken: Published[] = [];
    for (let round = 0; round < ROUNDS && taken.length < most; round++) {
      const left = most - taken.length;
      const after = this.last.get(key) ?? BEFORE_ALL;
      const { published, senders } = await publish(left, after);
      taken.push(...published);
      if (published.length > 0) this.last.set(key, lastServed(published, after));
      if (!isMoreToHave(published, senders, left)) break;
    }
    return taken;
  }
}

/** The last in the order of turns, which goes up from behind `after` and round again. */
function lastServed(published: readonly Published[], after: number): number {
  const senders = published.map(({ sender }) => sender);
  const before = senders.filter((sender) => sender <= after);
  return before.length > 0 ? Math.max(...before) : Math.max(...senders);
}

/** Somebody left part of its share, and somebody else may want it. */
function isMoreToHave(published: readonly Published[], senders: number, left: number): boolean {
  if (senders < 2 || published.length === left) return false;
  const had = new Map<number, number>();
  for (const { sender } of published) had.set(sender, (had.get(sender) ?? 0) + 1);
  return Math.max(0, ...had.values()) >= Math.max(1, Math.floor(left / senders));
}
