import { describe, expect, it } from 'vitest';

import type { Route } from '../../../src/outbox/outbox.store.js';
import type { DueGroup, Survey } from '../../../src/relay/due.js';
import { Rations } from '../../../src/relay/rations.js';
import { Windows } from '../../../src/relay/windows.js';

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
const [first, retry] = [due(false), due(true)];

/** What a provider with this rate and a full bucket may have, while first sends and retries are due. */
const rations = (ratePerSecond: number, random: number): Rations => {
  const standing = { level: undefined, rampMs: undefined, slots: [], presentMs: 0, nowMs: 0 };
  const survey: Survey = {
    windows: new Map(),
    standings: new Map([['twilio', standing]]),
    endpointRates: new Map(),
    endpointCaps: new Map(),
    due: [first, retry],
    hasMore: false,
  };
  const terms = { name: 'twilio', concurrency: 10, ratePerSecond, retryBudget: { share: 0.2, minimum: 10 } };
  return new Rations(
    survey,
    new Windows(),
    () => terms,
    () => random,
  );
};
/** Over all of chance alike. */
const mean = (ratePerSecond: number): number => {
  const draws = Array.from({ length: 600 }, (_, i) => rations(ratePerSecond, i / 600).of(route, first).most);
  return draws.reduce((sum, one) => sum + one, 0) / draws.length;
};

describe('first sends, while retries are due', () => {
  it('leave them their share of what may go', () => {
    expect(mean(60)).toBeCloseTo(50);
    expect(mean(7)).toBeCloseTo((7 * 5) / 6, 1);
  });

  it('are not starved by them where a single one may go at a time', () => {
    expect(mean(0.1)).toBeCloseTo(5 / 6, 1);
  });

  it('leave a retry no more than there is: the place that they do not take is its own', () => {
    const one = rations(0.1, 0.99);
    expect([one.of(route, first).most, one.of(route, retry).most]).toEqual([0, 1]);
  });
});
