import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { probeRoom, TRIAL_MS } from '../domain/gate.js';
import { GatesStore } from '../gates/gates.store.js';
import { type EndpointRoom, OutboxStore } from '../outbox/outbox.store.js';
import type { Order } from './order.js';
import { outOf, outOfEndpoint } from './windows.js';

/**
 * The one call that finds out whether a gate opens: asked in the relays' turn, so that there is one in all.
 *
 * In this order: hints that are out, calls under way, gates. A hint that is in neither of the first two has been answered, and
 * its worker closes the gate again before it closes the attempt.
 */
@Injectable()
export class Trials {
  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(GatesStore) private readonly gates: GatesStore,
  ) {}

  async roomFor(
    { route, due, most, rooms }: Order,
    tx: PoolClient,
  ): Promise<{ most: number; rooms: EndpointRoom[] }> {
    const windows = await this.outbox.windows(tx);
    const trials = await this.gates.underTrial(TRIAL_MS, tx);
    const gates = await this.gates.held(tx);
    const mayTry = (kind: 'provider' | 'endpoint', key: string, out: number): boolean =>
      gates.isProbed(kind, key) && !trials.has(kind, key) && probeRoom(out) > 0;
    const { provider } = route;
    return {
      most: !route.isProbe ? most : mayTry('provider', provider, outOf(windows, provider)) ? 1 : 0,
      rooms: due.isProbe
        ? rooms.filter(({ endpointId }) => mayTry('endpoint', endpointId, outOfEndpoint(windows, endpointId)))
        : [...rooms],
    };
  }
}
