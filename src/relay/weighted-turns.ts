import type { Route } from '../outbox/outbox.store.js';

/** Rows dealt in one round over all who share: so many are out of proportion at most. */
const ROUND = 32;

/**
 * Whose turn it is among providers that share what waits: the one that has had least for its weight. Kept over passes, so
 * that a trickle is shared as a backlog is. Each relay keeps its own count.
 */
export class WeightedTurns {
  /** By queue: hints for each point of weight. */
  private readonly had = new Map<string, number>();
  private readonly sharing = new Map<string, ReadonlySet<string>>();

  /** Names all who share from now on. One that comes (back) begins level with the others: it is not owed what it missed. */
  among(routes: readonly Route[]): void {
    const key = `${routes[0]!.channel} ${routes[0]!.lane}`;
    const before = this.sharing.get(key) ?? new Set();
    const stayed = routes.filter(({ queue }) => before.has(queue)).map(({ queue }) => this.had.get(queue)!);
    const level = stayed.length > 0 ? Math.min(...stayed) : 0;
    for (const { queue } of routes) {
      if (!before.has(queue)) this.had.set(queue, Math.max(this.had.get(queue) ?? 0, level));
    }
    this.sharing.set(key, new Set(routes.map(({ queue }) => queue)));
  }

  /** The next of these, all of whom were named. */
  next(routes: readonly Route[]): Route {
    return routes.reduce((first, other) => (this.isBefore(other, first) ? other : first));
  }

  /** Rows of one turn. */
  sizeOf(route: Route, routes: readonly Route[]): number {
    const all = routes.reduce((sum, { weight }) => sum + weight, 0);
    return Math.ceil((route.weight / all) * ROUND);
  }

  note(route: Route, hints: number): void {
    this.had.set(route.queue, this.had.get(route.queue)! + hints / route.weight);
  }

  private isBefore(a: Route, b: Route): boolean {
    const [ofA, ofB] = [this.had.get(a.queue)!, this.had.get(b.queue)!];
    return ofA === ofB ? a.weight > b.weight : ofA < ofB;
  }
}
