import type { Lane } from '../domain/channel.js';
import type { Hint } from '../notifications/claimed.js';
import type { BulkShare } from './bulk-share.js';
import type { EndpointSlots } from './endpoint-slots.js';
import type { Slot, Slots } from './slots.js';

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

  /** Waits for the provider alone. `endpoint_full`: it had a place, the endpoint none. Undefined when `signal` fires first. */
  async take(hint: Hint, lane: Lane, signal: AbortSignal): Promise<Slot | 'endpoint_full' | undefined> {
    const slot = await this.slots.take(lane, signal);
    if (!slot || hint.endpointId === undefined) return slot;
    const atEndpoint = this.endpoints.tryTake(hint.endpointId, lane);
    if (atEndpoint) return together(slot, atEndpoint);
    slot.release();
    return 'endpoint_full';
  }

  /** Waits for the endpoint, and then for whichever of the two is missing. Undefined when `signal` fires first. */
  async takeAtFullEndpoint(
    hint: Hint & { endpointId: string },
    lane: Lane,
    signal: AbortSignal,
  ): Promise<Slot | undefined> {
    for (;;) {
      const atEndpoint = await this.endpoints.take(hint.endpointId, lane, signal);
      if (!atEndpoint) return undefined;
      const slot = this.slots.tryTake(lane);
      if (slot) return together(slot, atEndpoint);
      atEndpoint.release();
      const both = await this.take(hint, lane, signal);
      if (both !== 'endpoint_full') return both;
    }
  }
}

const together = (...slots: Slot[]): Slot => ({ release: () => slots.forEach((slot) => slot.release()) });
