import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { DoorPool } from '../platform/database/pools.js';

/** A wake-up in every commit would queue all commits behind one lock; this often is soon enough. */
const EVERY_MS = 5;

/**
 * Decides which accept commits wake the relays. The first after a pause carries the NOTIFY itself; those that follow
 * within 5 ms share one that comes after them. If this process dies in between, the relay's poll finds the rows.
 */
@Injectable()
export class WakeUp implements OnApplicationShutdown {
  private lastAt = -Infinity;
  private trailing: NodeJS.Timeout | undefined;

  constructor(@Inject(DoorPool) private readonly pool: DoorPool) {}

  /** Whether the commit about to be made should carry the wake-up. */
  isDue(): boolean {
    const now = performance.now();
    if (now - this.lastAt >= EVERY_MS) {
      this.lastAt = now;
      return true;
    }
    this.trailing ??= setTimeout(() => this.send(), EVERY_MS);
    return false;
  }

  onApplicationShutdown(): void {
    clearTimeout(this.trailing);
  }

  private send(): void {
    this.trailing = undefined;
    this.lastAt = performance.now();
    this.pool.query(`SELECT pg_notify('posthaste_outbox', '')`).catch(() => undefined); // the poll stands behind it
  }
}
