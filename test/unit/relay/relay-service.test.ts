import { afterEach, describe, expect, it, vi } from 'vitest';

import { Gauges } from '../../../src/platform/metrics/gauges.js';
import type { Order } from '../../../src/relay/order.js';
import { RelayService } from '../../../src/relay/relay.service.js';
import { route, survey, termsOf } from '../../support/text-survey.js';

/** Over a survey that saw a first send and a retry due, and one token. Keeps what was ordered. */
function relayOver(orders: Order[]): RelayService {
  const publisher = {
    publish: async (order: Order) => {
      orders.push(order);
      return [{ id: 'a', dispatch: 1, endpointId: null, sender: 0 }].slice(0, order.most);
    },
  };
  const router = { routes: () => [route], terms: () => termsOf(0.1) };
  const gates = { held: async () => ({ keysOf: () => [] }) };
  const nothing = {} as never;
  const relay = new RelayService(
    nothing,
    nothing,
    router as never,
    gates as never,
    publisher as never,
    new Gauges(),
  );
  return Object.assign(relay, { surveyor: { look: async () => survey } });
}

describe('the one place of a slow provider', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('is drawn for once a pass: drawn twice, retries would have nearly a third of it instead of a sixth', async () => {
    const orders: Order[] = [];
    vi.spyOn(Math, 'random').mockReturnValueOnce(0.5).mockReturnValue(0.99);
    await relayOver(orders).runOnce();
    expect(orders.map((order) => [order.due.group.isRetry, order.most])).toEqual([[false, 1]]);
  });
});
