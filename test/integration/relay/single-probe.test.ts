import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AllowancesStore } from '../../../src/allowances/allowances.store.js';
import { GatesStore } from '../../../src/gates/gates.store.js';
import { OutboxStore, type Route } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import type { DueGroup } from '../../../src/relay/due.js';
import { Marks } from '../../../src/relay/marks.service.js';
import type { Order } from '../../../src/relay/order.js';
import { Trials } from '../../../src/relay/trials.service.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const SES: Route = {
  channel: 'email',
  lane: 'transactional',
  provider: 'ses',
  takesUnpinned: true,
  weight: 1,
  isProbe: true,
  queue: 'ses.transactional',
  perEndpointConcurrency: 5,
};
const HOOKS: Route = {
  ...SES,
  channel: 'webhook',
  provider: 'hooks',
  isProbe: false,
  queue: 'hooks.transactional',
};
const ENDPOINT = uuidv7();
const dueOf = (channel: 'email' | 'webhook', route: Route): DueGroup => ({
  group: { channel, lane: 'transactional', pin: '', isRetry: false },
  dueMs: -1,
  takers: [route],
  endpoints: channel === 'webhook' ? [ENDPOINT] : [],
  isProbe: channel === 'webhook',
});
const OF_PROVIDER: Order = { due: dueOf('email', SES), route: SES, most: 1, rooms: [], isMetered: false };
const OF_ENDPOINT: Order = {
  due: dueOf('webhook', HOOKS),
  route: HOOKS,
  most: 10,
  rooms: [{ endpointId: ENDPOINT, room: 1 }],
  isMetered: false,
};

/** Every relay has looked, and found that nothing tries the gate. */
describe.each([
  ['a provider', OF_PROVIDER, 'provider', 'ses', 'breaker'],
  ['an endpoint', OF_ENDPOINT, 'endpoint', ENDPOINT, 'endpoint'],
] as const)('the call that tries the gate of %s', (_of, order, kind, key, holder) => {
  let database: TestDatabase;
  let pool: WorkPool;
  let gates: GatesStore;
  let marks: Marks;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    gates = new GatesStore(pool);
    const outbox = new OutboxStore(pool);
    marks = new Marks(outbox, new AllowancesStore(pool), {} as never, new Trials(outbox, gates));
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, gates');
    await gates.hold(kind, key, holder, -1_000, 'most of its calls fail');
    const one = kind === 'endpoint' ? { channel: 'webhook' as const, endpointId: ENDPOINT } : {};
    await accept(pool, [one, one, one]);
  });

  it('is one in all, however many relays let it out at once', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    clients.forEach((client) => client.release());
    const marked = await Promise.all(Array.from({ length: 6 }, () => marks.mark(order)));
    expect(marked.flat()).toHaveLength(1);
  });

  it('is not let out while another is under way', async () => {
    await pool.query(
      `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, endpoint_id) VALUES ($1, 1, 1, $1, $2, $3)`,
      [uuidv7(), order.route.provider, kind === 'endpoint' ? ENDPOINT : null],
    );
    expect(await marks.mark(order)).toEqual([]);
  });

  it('is not let out when the gate was held again meanwhile', async () => {
    await gates.hold(kind, key, holder, 60_000, 'most of its calls fail');
    expect(await marks.mark(order)).toEqual([]);
  });

  it('is let out again once the last was answered', async () => {
    expect(await marks.mark(order)).toHaveLength(1);
    await pool.query('DELETE FROM outbox WHERE published_at IS NOT NULL');
    expect(await marks.mark(order)).toHaveLength(1);
  });
});
