import type { Lane } from '../domain/channel.js';
import type { Hint } from '../notifications/claimed.js';
import type { BulkShare } from './bulk-share.js';
import type { EndpointSlots } from './endpoint-slots.js';
import { type Slot, type Slots, together, type WithSecond } from './slots.js';

/**
 * The places in front of a provider: its own and, of webhooks, the endpoint's. A hint needs both. It waits for the provider
 * with nothing in hand: a campaign that is kept from the provider would otherwise sit in its endpoints' places, and
 * transactional work would wait behind it. Only who has found its endpoint full comes with a place of it.
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

  /**
   * Waits for the endpoint, then for the provider with the endpoint's place in hand: gone round for the two again and again,
   * a thousand who wait would all move at each call's end. Undefined when `signal` fires first.
   */
  async takeAtFullEndpoint(
    { endpointId }: Hint & { endpointId: string },
    lane: Lane,
    signal: AbortSignal,
  ): Promise<Slot | undefined> {
    const atEndpoint = await this.endpoints.take(endpointId, lane, signal);
    const atProvider = atEndpoint && (await this.slots.take(lane, signal));
    if (atProvider) return together(atProvider, atEndpoint);
    atEndpoint?.release();
    return undefined;
  }
}
