import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { OUTBOX_CHANNEL } from '../domain/wake-up.js';
import { PRESSED_HERE } from '../outbox/wake-word.js';
import { DoorPool } from '../platform/database/pools.js';
import { DoorPressure } from './door-pressure.js';

/** A wake-up in every commit would queue all commits behind one lock; this often is soon enough. */
const EVERY_MS = 5;
/** While the door is pressed, relays wait for it to rest: they need no more than its word that it is. */
const PRESSED_EVERY_MS = 50;
/**
 * NOTIFY holds one lock of the whole cluster until its commit is on disk. A commit of its own has nothing to lose, so it
 * waits for no disk.
 */
const WAKE = `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${OUTBOX_CHANNEL}', $1)`;

/**
 * Decides which accept commits wake the relays. One that is alone after a pause carries the NOTIFY itself; those that
 * follow within 5 ms, or are written beside others, share one that comes after them. If this process dies in between, the relay's poll finds the rows.
 * While the door is pressed, its wake-ups say so.
 */
@Injectable()
export class WakeUp implements OnApplicationShutdown {
  private lastAt = -Infinity;
  private trailing: NodeJS.Timeout | undefined;
  private readonly pressure = new DoorPressure();

  constructor(@Inject(DoorPool) private readonly pool: DoorPool) {}

  /**
   * Whether the commit about to be made should carry the wake-up. `isAlone`: no other is under way here. `callers`: requests that
   * wait for a commit.
   */
  isDue(isAlone: boolean, callers: number): boolean {
    this.pressure.note(callers);
    const now = performance.now();
    if (isAlone && now - this.lastAt >= EVERY_MS) {
      this.lastAt = now;
      return true;
    }
    this.soon();
    return false;
  }

  /** After a commit that did not carry it. */
  soon(): void {
    this.trailing ??= setTimeout(() => this.send(), this.pressure.isPressed ? PRESSED_EVERY_MS : EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.trailing);
  }

  private send(): void {
    this.trailing = undefined;
    this.lastAt = performance.now();
    const word = this.pressure.isPressed ? PRESSED_HERE : '';
    this.pool.query(WAKE, [word]).catch(() => undefined); // the poll stands behind it
  }
}
