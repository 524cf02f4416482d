import type { Standing } from '../../src/allowances/allowances.store.js';
import type { ProviderTerms } from '../../src/allowances/provider-allowance.js';
import { NO_TRIALS } from '../../src/gates/held-gates.js';
import type { Route } from '../../src/outbox/outbox.store.js';
import type { DueGroup, Survey } from '../../src/relay/due.js';

/** A relay's view of one provider of texts, of which nothing is out and whose bucket is full. */
export const route: Route = {
  channel: 'sms',
  lane: 'transactional',
  provider: 'twilio',
  takesUnpinned: true,
  weight: 1,
  isProbe: false,
  queue: 'twilio.transactional',
  perEndpointConcurrency: 5,
};

export const due = (isRetry: boolean): DueGroup => ({
  group: { channel: 'sms', lane: 'transactional', pin: '', isRetry },
  dueMs: -1,
  takers: [route],
  endpoints: [],
  isProbe: false,
});

const standing: Standing = { level: undefined, rampMs: undefined, slots: [], presentMs: 0, nowMs: 0 };

/** A first send and a retry are due. */
export const survey: Survey = {
  windows: new Map(),
  trials: NO_TRIALS,
  standings: new Map([['twilio', standing]]),
  endpointRates: new Map(),
  endpointCaps: new Map(),
  due: [due(false), due(true)],
  hasMore: false,
};

export const termsOf = (ratePerSecond: number | undefined): ProviderTerms => ({
  name: 'twilio',
  concurrency: 10,
  ratePerSecond,
  retryBudget: { share: 0.2, minimum: 10 },
});
