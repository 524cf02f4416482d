import { afterEach, describe, expect, it, vi } from 'vitest';

import { NO_TRIALS } from '../../../src/gates/held-gates.js';
import type { Route } from '../../../src/outbox/outbox.store.js';
import { Gauges } from '../../../src/platform/metrics/gauges.js';
import type { DueGroup, Survey } from '../../../src/relay/due.js';
import type { Order } from '../../../src/relay/order.js';
import { RelayService } from '../../../src/relay/relay.service.js';

const route: Route = {
  channel: 'sms',
  lane: 'transactional',
  provider: 'twilio',
  takesUnpinned: true,
  weight: 1,
  isProbe: false,
  queue: 'twilio.transactional',
  perEndpointConcurrency: 5,
};
const due = (isRetry: boolean): DueGroup => ({
  group: { channel: 'sms', lane: 'transactional', pin: '', isRetry },
  dueMs: -1,
  takers: [route],
  endpoints: [],
  isProbe: false,
});
const TERMS = {
  name: 'twilio',
  concurrency: 10,
  ratePerSecond: 0.1,
  retryBudget: { share: 0.2, minimum: 10 },
};

/** Over a survey that saw a first send and a retry due, and one token. Keeps what was ordered. */
function relayOver(orders: Order[]): RelayService {
  const standing = { level: undefined, rampMs: undefined, slots: [], presentMs: 0, nowMs: 0 };
  const survey: Survey = {
    windows: new Map(),
    trials: NO_TRIALS,
    standings: new Map([['twilio', standing]]),
    endpointRates: new Map(),
    endpointCaps: new Map(),
    due: [due(false), due(true)],
    hasMore: false,
  };
  const publisher = {
    publish: async (order: Order) => {
      orders.push(order);
      return [{ id: 'a', dispatch: 1, endpointId: null, sender: 0 }].slice(0, order.most);
    },
  };
  const router = { routes: () => [route], terms: () => TERMS };
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
