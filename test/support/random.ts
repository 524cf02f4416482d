/** A seeded generator (mulberry32): the same seed draws the same. A failure prints its seed. */
export class Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** In [from, to), whole. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.integer(0, from.length)]!;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A generator of its own, so that what one part draws does not move another's. */
  fork(): Random {
    return new Random(this.integer(0, 2 ** 31));
  }
}
