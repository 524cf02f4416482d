import type { EndpointDirectory, EndpointTarget } from '../endpoints/endpoint-directory.service.js';
import { type Slot, Slots } from './slots.js';

/** Caps that are remembered, the latest learnt: each chunk learns those of its endpoints before it takes a place. */
const MAX_REMEMBERED = 20_000;

/** Calls in flight at each endpoint, in this process: one that hangs holds its own few places and nobody else's. */
export class EndpointSlots {
  private readonly byEndpoint = new Map<string, Slots>();
  /** Caps that endpoints have of their own. */
  private readonly ownPlaces = new Map<string, number>();

  /** `places`: of an endpoint that has no cap of its own. */
  constructor(
    private readonly places: number,
    private readonly directory: Pick<EndpointDirectory, 'find'>,
  ) {}

  /** Reads the caps of these endpoints before their hints are taken. While PostgreSQL is away, what was known stands. */
  async learn(endpointIds: Iterable<string>): Promise<void> {
    await Promise.all([...new Set(endpointIds)].map((id) => this.learnOne(id)));
  }

  private async learnOne(endpointId: string): Promise<void> {
    const endpoint = await this.read(endpointId);
    if (endpoint === 'unknown') return;
    this.ownPlaces.delete(endpointId); // and in again: the map's order is that of learning
    if (endpoint?.concurrency !== undefined) this.remember(endpointId, endpoint.concurrency);
    this.byEndpoint.get(endpointId)?.resize(this.placesAt(endpointId));
  }

  private remember(endpointId: string, places: number): void {
    this.ownPlaces.set(endpointId, places);
    if (this.ownPlaces.size > MAX_REMEMBERED) this.ownPlaces.delete(this.ownPlaces.keys().next().value!);
  }

  private async read(endpointId: string): Promise<EndpointTarget | undefined | 'unknown'> {
    try {
      return await this.directory.find(endpointId);
    } catch {
      return 'unknown';
    }
  }

  private placesAt(endpointId: string): number {
    return this.ownPlaces.get(endpointId) ?? this.places;
  }

  /** Whether one would be served at once. */
  hasPlace(endpointId: string): boolean {
    return this.byEndpoint.get(endpointId)?.isFull !== true;
  }

  /** A place at this endpoint, now or when one is given back; undefined when `signal` fires first. */
  async take(endpointId: string, signal: AbortSignal): Promise<Slot | undefined> {
    let slots = this.byEndpoint.get(endpointId);
    if (!slots) {
      slots = new Slots(this.placesAt(endpointId));
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
