import type { WindowState } from '../outbox/outbox.store.js';

export interface WindowBounds {
  /** However slow, this many hints are out, so that who frees up finds one. */
  floor: number;
  /** However fast, not more. */
  ceiling: number;
  /** The oldest hint should not wait longer. Milliseconds. */
  targetMs: number;
}

/**
 * How many hints may be out at once, of a queue or of one endpoint. Nobody knows a provider's speed beforehand, so the
 * window learns: it doubles while it is found half empty, and halves while its oldest hint has waited too long.
 */
export class Window {
  private size: number;

  constructor(private readonly bounds: WindowBounds) {
    this.size = bounds.floor;
  }

  /** How many more may be published now. */
  room({ count, oldestMs }: WindowState): number {
    const { floor, ceiling, targetMs } = this.bounds;
    if (oldestMs > targetMs) this.size = Math.max(floor, Math.floor(this.size / 2));
    else if (count * 2 < this.size) this.size = Math.min(ceiling, this.size * 2);
    return Math.max(0, this.size - count);
  }
}
