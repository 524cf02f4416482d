import type { QueueState } from '../outbox/outbox.store.js';

/** A queue holds about this much work: enough that no worker waits for the relay, little enough that what waits obeys. */
const TARGET_MS = 2_000;
/** However slow the provider, this many hints are out, so that a worker that frees up finds one. */
const FLOOR = 100;
/** However fast, not more: a queue emptied by FLUSHALL costs one window of re-publication. */
const CEILING = 8_000;

/**
 * How many hints a queue may hold. Nobody knows a provider's speed beforehand, so the window learns: it doubles while it
 * is found nearly empty, and halves while its oldest hint has waited longer than two seconds.
 */
export class Window {
  private size = FLOOR;

  /** How many more may be published now. */
  room({ count, oldestMs }: QueueState): number {
    if (oldestMs > TARGET_MS) this.size = Math.max(FLOOR, Math.floor(this.size / 2));
    else if (count * 2 < this.size) this.size = Math.min(CEILING, this.size * 2);
    return Math.max(0, this.size - count);
  }
}
