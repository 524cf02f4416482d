import { randomFillSync } from 'node:crypto';

/** One call to the system's generator for some hundred values: each call costs microseconds, however few bytes it gives. */
const POOL_BYTES = 4_096;

/** Cryptographically random bytes; none is given out twice. */
export class RandomPool {
  private readonly pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  private at = POOL_BYTES;

  /** A copy of its own: what is given out is wiped from the pool. `bytes`: at most 4096. */
  take(bytes: number): Buffer {
    if (this.at + bytes > POOL_BYTES) {
      randomFillSync(this.pool);
      this.at = 0;
    }
    const taken = Buffer.from(this.pool.subarray(this.at, this.at + bytes));
    this.pool.fill(0, this.at, this.at + bytes);
    this.at += bytes;
    return taken;
  }
}
