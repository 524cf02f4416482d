import type { Lane } from '../domain/channel.js';
import type { Hint } from '../notifications/claimed.js';
import type { BulkShare } from './bulk-share.js';
import type { EndpointSlots } from './endpoint-slots.js';
import type { Slot, Slots, WithSecond } from './slots.js';

/**
 * The places in front of a provider: its own and, of webhooks, the endpoint's. A hint needs both and waits for one with
 * nothing in hand: bulk that is kept from the provider would otherwise sit in an endpoint's places, and transactional work
 * for that endpoint would wait behind it.
 */
export class Places {
  constructor(
    private readonly slots: Slots,
    private readonly endpoints: EndpointSlots,
    private readonly share: Pick<BulkShare, 'noteTransactional'>,
  ) {}

  /** Before its hints ask for places. */
  async learn(hints: readonly Hint[], lane: Lane): Promise<void> {
    if (lane === 'transactional') this.share.noteTransactional();
    await this.endpoints.learn(hints.flatMap((hint) => hint.endpointId ?? []));
  }

  isEndpointFull({ endpointId }: Hint, lane: Lane): boolean {
    return endpointId !== undefined && !this.endpoints.hasPlace(endpointId, lane);
  }

  /** Waits for the provider alone. `second_full`: it had a place, the endpoint none. Undefined when `signal` fires first. */
  take({ endpointId }: Hint, lane: Lane, signal: AbortSignal): Promise<WithSecond> {
    if (endpointId === undefined) return this.slots.take(lane, signal);
    return this.slots.takeWith(lane, signal, () => this.endpoints.tryTake(endpointId, lane));
  }

  /** Waits for the endpoint, then for whichever of the two is missing. Undefined when `signal` fires first. */
  async takeAtFullEndpoint(
    hint: Hint & { endpointId: string },
    lane: Lane,
    signal: AbortSignal,
  ): Promise<Slot | undefined> {
    const ofProvider = (): Slot | undefined => this.slots.tryTake(lane);
    for (;;) {
      const atEndpoint = await this.endpoints.takeWith(hint.endpointId, lane, signal, ofProvider);
      if (atEndpoint !== 'second_full') return atEndpoint;
      const atProvider = await this.take(hint, lane, signal);
      if (atProvider !== 'second_full') return atProvider;
    }
  }
}
