import type { Lane } from '../domain/channel.js';
import { EXPECTED_AGAIN_MS } from '../domain/transactional-traffic.js';
import type { EndpointDirectory, EndpointTarget } from '../endpoints/endpoint-directory.service.js';
import { type Slot, Slots } from './slots.js';

/** Caps that are remembered, the latest learnt: each chunk learns those of its endpoints before it takes a place. */
const MAX_REMEMBERED = 20_000;

/**
 * Calls in flight at each endpoint, in this process: one that hangs holds its own few places and nobody else's.
 *
 * Where transactional work has gone lately, bulk leaves one place of several free: a slow endpoint's campaign would hold all
 * of them, and the next code would wait for one of its calls to end.
 */
export class EndpointSlots {
  private readonly byEndpoint = new Map<string, Slots>();
  /** Caps that endpoints have of their own. */
  private readonly ownPlaces = new Map<string, number>();
  /** When transactional work last went to an endpoint, oldest first; monotonic, ms. */
  private readonly transactionalAt = new Map<string, number>();

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

  /** Whether one of this lane would be served at once. */
  hasPlace(endpointId: string, lane: Lane): boolean {
    return this.byEndpoint.get(endpointId)?.hasPlace(lane) !== false;
  }

  /** A place at this endpoint, now or when one is given back; undefined when `signal` fires first. */
  async take(endpointId: string, lane: Lane, signal: AbortSignal): Promise<Slot | undefined> {
    const slots = this.slotsOf(endpointId, lane);
    return this.lent(endpointId, slots, await slots.take(lane, signal));
  }

  /** A place that is free now. */
  tryTake(endpointId: string, lane: Lane): Slot | undefined {
    const slots = this.slotsOf(endpointId, lane);
    return this.lent(endpointId, slots, slots.tryTake(lane));
  }

  private slotsOf(endpointId: string, lane: Lane): Slots {
    if (lane === 'transactional') this.noteTransactional(endpointId);
    let slots = this.byEndpoint.get(endpointId);
    if (!slots) {
      slots = new Slots(this.placesAt(endpointId), (places) => this.bulkPart(endpointId, places));
      this.byEndpoint.set(endpointId, slots);
    }
    return slots;
  }

  private lent(endpointId: string, slots: Slots, slot: Slot | undefined): Slot | undefined {
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

  private bulkPart(endpointId: string, places: number): number {
    const at = this.transactionalAt.get(endpointId) ?? -Infinity;
    return performance.now() - at < EXPECTED_AGAIN_MS ? Math.max(1, places - 1) : places;
  }

  private noteTransactional(endpointId: string): void {
    const now = performance.now();
    this.transactionalAt.delete(endpointId); // set again it is the newest
    this.transactionalAt.set(endpointId, now);
    for (const [id, at] of this.transactionalAt) {
      if (now - at < EXPECTED_AGAIN_MS) break;
      this.transactionalAt.delete(id);
    }
  }

  /** A place given back twice must not forget the slots that others have taken since. */
  private forgetIdle(endpointId: string, slots: Slots): void {
    if (slots.isIdle && this.byEndpoint.get(endpointId) === slots) this.byEndpoint.delete(endpointId);
  }
}
