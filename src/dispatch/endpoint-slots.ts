import type { Slot } from './slots.js';

/** Calls in flight at each endpoint, in this process: one that hangs holds its own few places and nobody else's. */
export class EndpointSlots {
  private readonly inFlight = new Map<string, number>();

  constructor(private readonly places: number) {}

  /** A free place at this endpoint, or undefined at once: who waits here would hold up the healthy ones behind. */
  tryTake(endpointId: string): Slot | undefined {
    const busy = this.inFlight.get(endpointId) ?? 0;
    if (busy >= this.places) return undefined;
    this.inFlight.set(endpointId, busy + 1);
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        const left = this.inFlight.get(endpointId)! - 1;
        if (left === 0) this.inFlight.delete(endpointId);
        else this.inFlight.set(endpointId, left);
      },
    };
  }
}
