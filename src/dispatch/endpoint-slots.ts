import { type Slot, Slots } from './slots.js';

/** Calls in flight at each endpoint, in this process: one that hangs holds its own few places and nobody else's. */
export class EndpointSlots {
  private readonly byEndpoint = new Map<string, Slots>();

  constructor(private readonly places: number) {}

  /** Whether one would be served at once. */
  hasPlace(endpointId: string): boolean {
    const slots = this.byEndpoint.get(endpointId);
    return !slots || slots.busy < this.places;
  }

  /** A place at this endpoint, now or when one is given back; undefined when `signal` fires first. */
  async take(endpointId: string, signal: AbortSignal): Promise<Slot | undefined> {
    let slots = this.byEndpoint.get(endpointId);
    if (!slots) {
      slots = new Slots(this.places);
      this.byEndpoint.set(endpointId, slots);
    }
    const slot = await slots.take('transactional', signal);
    if (!slot) {
      this.forgetIdle(endpointId, slots);
      return undefined;
    }
    return {
      release: () => {
        slot.release();
        this.forgetIdle(endpointId, slots);
      },
    };
  }

  /** A place given back twice must not forget the slots that others have taken since. */
  private forgetIdle(endpointId: string, slots: Slots): void {
    if (slots.isIdle && this.byEndpoint.get(endpointId) === slots) this.byEndpoint.delete(endpointId);
  }
}
