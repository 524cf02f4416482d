import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

import { Injectable } from '@nestjs/common';

import { TransactionalTraffic } from '../domain/transactional-traffic.js';

/** How often it is looked at, and how finely the event loop is sampled in between. Milliseconds. */
const LOOK_EVERY_MS = 100;
const SAMPLE_EVERY_MS = 5;
/** A loop that is later than this on average makes all who wait for it wait at each of their dozen steps. Milliseconds. */
const LATE_MS = 0.3;
/** A share grows by this factor where it halves when late: from the least to all in some four seconds. */
const GROWTH = 1.1;
/** So much of its places bulk keeps, however late the loop is. */
const LEAST = 1 / 64;

/**
 * How much of a provider's places bulk may have in this process: while transactional work comes, half as much each tenth of
 * a second in which the event loop was late, a tenth more in which it was not, and never none; all of it otherwise.
 */
@Injectable()
export class BulkShare {
  private share = 1;
  private readonly transactional = new TransactionalTraffic();
  private loop: IntervalHistogram | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `onGrown`: bulk that waits for a place may have one now. */
  start(onGrown: () => void): void {
    this.loop = monitorEventLoopDelay({ resolution: SAMPLE_EVERY_MS });
    this.loop.enable();
    this.timer = setInterval(() => this.look(onGrown), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.loop?.disable();
  }

  noteTransactional(): void {
    this.transactional.note();
  }

  /** Whether transactional work comes and the loop has been late. */
  get isYielding(): boolean {
    return this.share < 1;
  }

  /** Of so many places. */
  of(places: number): number {
    return Math.max(1, Math.floor(places * this.share));
  }

  /** `lateMs`: what timers were late on average since the last look. */
  adapt(lateMs: number): void {
    if (!this.transactional.isExpected) this.share = 1;
    else if (lateMs > LATE_MS) this.share = Math.max(LEAST, this.share / 2);
    else this.share = Math.min(1, this.share * GROWTH);
  }

  private look(onGrown: () => void): void {
    const before = this.share;
    this.adapt(this.loop!.mean / 1e6 - SAMPLE_EVERY_MS);
    this.loop!.reset();
    if (this.share > before) onGrown();
  }
}
