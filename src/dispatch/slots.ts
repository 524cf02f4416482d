import type { Lane } from '../domain/channel.js';

/** A place at a provider. Release it exactly once; releasing twice does nothing. */
export interface Slot {
  release(): void;
}

/** Another place that a call needs, if it is free at this moment. */
type Second = () => Slot | undefined;

/** A place was free, and the second was not: neither is held. */
export type WithSecond = Slot | 'second_full' | undefined;

interface Waiting {
  give(): void;
}

/**
 * Calls in flight at one provider, in this process: our own semaphore across chunks and lanes.
 *
 * `transactional` is served before `bulk` whenever a place is free, and `bulk` may be kept to a part of the places, so a
 * backlog of bulk delays nobody who waits for a code.
 */
export class Slots {
  private readonly waiting: Record<Lane, Waiting[]> = { transactional: [], bulk: [] };
  private readonly inFlight: Record<Lane, number> = { transactional: 0, bulk: 0 };

  /** `bulkPart`: how many of so many places bulk may have now. */
  constructor(
    private places: number,
    private readonly bulkPart: (places: number) => number = (all) => all,
  ) {}

  get busy(): number {
    return this.inFlight.transactional + this.inFlight.bulk;
  }

  /** Whether one of this lane would be served at once. */
  hasPlace(lane: Lane): boolean {
    const limit = lane === 'bulk' ? this.bulkPart(this.places) : this.places;
    return this.busy < this.places && this.inFlight[lane] < limit;
  }

  /** Calls in flight stay; who waits is served if there is more room now. */
  resize(places: number): void {
    if (places === this.places) return;
    this.places = places;
    this.serve();
  }

  get isIdle(): boolean {
    return this.busy === 0 && this.waiting.transactional.length === 0 && this.waiting.bulk.length === 0;
  }

  /** A free place now; undefined when there is none, or others of this lane wait for one. */
  tryTake(lane: Lane): Slot | undefined {
    return this.waiting[lane].length === 0 && this.hasPlace(lane) ? this.give(lane) : undefined;
  }

  /** A free place, now or when one is given back; undefined when `signal` fires first. */
  take(lane: Lane, signal: AbortSignal): Promise<Slot | undefined> {
    return this.takeWith(lane, signal, () => NOTHING_ELSE) as Promise<Slot | undefined>;
  }

  /**
   * The same of two places, whose second is asked for in the moment in which the first is free: nobody holds the first and
   * waits for the second.
   */
  takeWith(lane: Lane, signal: AbortSignal, second: Second): Promise<WithSecond> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.waiting[lane].length === 0 && this.hasPlace(lane))
      return Promise.resolve(this.giveWith(lane, second));
    return new Promise((resolve) => {
      const give = (): void => {
        signal.removeEventListener('abort', abandon);
        resolve(this.giveWith(lane, second));
      };
      const one = { give };
      const abandon = (): void => {
        const queue = this.waiting[lane];
        const at = queue.indexOf(one);
        if (at >= 0) queue.splice(at, 1);
        resolve(undefined);
      };
      signal.addEventListener('abort', abandon, { once: true });
      this.waiting[lane].push(one);
    });
  }

  /** Gives free places to who waits: after one came back, and when bulk may have more. */
  serve(): void {
    for (const lane of ['transactional', 'bulk'] as const) {
      while (this.waiting[lane].length > 0 && this.hasPlace(lane)) this.waiting[lane].shift()!.give();
    }
  }

  private giveWith(lane: Lane, second: Second): WithSecond {
    const other = second();
    return other ? together(this.give(lane), other) : 'second_full';
  }

  private give(lane: Lane): Slot {
    this.inFlight[lane]++;
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.inFlight[lane]--;
        this.serve();
      },
    };
  }
}

const NOTHING_ELSE: Slot = { release: () => undefined };

/** Held and given back as one. */
export const together = (...slots: Slot[]): Slot => ({
  release: () => slots.forEach((slot) => slot.release()),
});
