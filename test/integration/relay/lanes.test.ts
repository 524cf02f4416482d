import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AllowancesStore } from '../../../src/allowances/allowances.store.js';
import type { Lane } from '../../../src/domain/channel.js';
import { GatesStore } from '../../../src/gates/gates.store.js';
import { OutboxStore, type QueueWindow, type Route } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { Log } from '../../../src/platform/logging/log.js';
import { Gauges } from '../../../src/platform/metrics/gauges.js';
import type { HintRow } from '../../../src/queues/delivery-job.js';
import { HandBacks } from '../../../src/relay/hand-backs.service.js';
import { Marks } from '../../../src/relay/marks.service.js';
import { Publisher } from '../../../src/relay/publisher.service.js';
import { RelayLoop } from '../../../src/relay/relay.loop.js';
import { RelayService } from '../../../src/relay/relay.service.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { waitFor } from '../../support/wait-for.js';

const routeOf = (lane: Lane): Route => ({
  channel: 'webhook',
  lane,
  provider: 'hooks',
  takesUnpinned: true,
  weight: 1,
  isProbe: false,
  queue: `hooks.${lane}`,
  perEndpointConcurrency: 5,
});
const ROUTES = [routeOf('transactional'), routeOf('bulk')];
const TERMS = { name: 'hooks', concurrency: 10, retryBudget: { share: 0.2, minimum: 10 } };

/** What a campaign does to the others in the relay, with its real statements and a queue that counts. */
describe('a campaign in the relay', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let published: { queue: string; ids: string[] }[];
  /** Awaited by the queue before it takes anything of bulk. */
  let bulkMayPass: Promise<void>;
  let relay: RelayService;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, ordered, sends');
    published = [];
    bulkMayPass = Promise.resolve();
    const queues = {
      publish: async (queue: string, chunks: readonly (readonly HintRow[])[]) => {
        const ids = chunks.flat().map(({ id }) => id);
        if (queue === 'hooks.bulk') await bulkMayPass;
        published.push({ queue, ids });
      },
    };
    const outbox = new OutboxStore(pool);
    const allowances = new AllowancesStore(pool);
    const gauges = new Gauges();
    const log = new Log('silent');
    const marks = new Marks(outbox, allowances, {} as never, {} as never);
    const publisher = new Publisher(marks, new HandBacks(allowances, outbox), queues as never, gauges, log);
    const queueRefs = ROUTES.map(({ lane, queue }) => ({ lane, name: queue }));
    const router = { queueRefs, routes: () => ROUTES, terms: () => TERMS };
    relay = new RelayService(outbox, allowances, router as never, new GatesStore(pool), publisher, gauges);
  });

  const wait = (lane: Lane, endpointIds: readonly string[]) =>
    accept(
      pool,
      endpointIds.map((endpointId) => ({ channel: 'webhook', lane, endpointId })),
    );
  const endpoints = (count: number) => Array.from({ length: count }, () => uuidv7());
  const publishedIn = (queue: string) =>
    published.filter((one) => one.queue === queue).flatMap(({ ids }) => ids);

  it('keeps no transactional one from the first look, to however many endpoints it goes', async () => {
    await wait('bulk', endpoints(1_500));
    const [id] = await wait('transactional', endpoints(1));
    await relay.runOnce();
    expect(published[0]).toEqual({ queue: 'hooks.transactional', ids: [id] });
  });

  it('is published to the end, a part in each pass, while transactional work comes in every one', async () => {
    const campaign = await wait('bulk', endpoints(250));
    const others: string[] = [];
    for (let pass = 0; pass < 3; pass++) {
      others.push(...(await wait('transactional', endpoints(1))));
      await relay.runOnce();
      await pool.query('DELETE FROM outbox WHERE published_at IS NOT NULL'); // as claims do
    }
    expect(publishedIn('hooks.bulk')).toHaveLength(campaign.length);
    expect(publishedIn('hooks.transactional')).toEqual(others);
    expect(published.map(({ queue, ids }) => [queue, ids.length])).toEqual([
      ['hooks.transactional', 1],
      ['hooks.bulk', 100],
      ['hooks.transactional', 1],
      ['hooks.bulk', 100],
      ['hooks.transactional', 1],
      ['hooks.bulk', 50],
    ]);
  });

  it('is counted by queue and endpoint, in all queues or in some', async () => {
    const [once, twice] = endpoints(2);
    await wait('bulk', [once!, twice!, twice!]);
    await wait('transactional', [once!]);
    await relay.runOnce();
    const counts = (windows: ReadonlyMap<string, QueueWindow>) =>
      [...windows].map(([queue, { count, endpoints }]) => ({
        queue,
        count,
        endpoints: new Map([...endpoints].map(([id, of]) => [id, of.count])),
      }));
    const bulk = {
      queue: 'hooks.bulk',
      count: 3,
      endpoints: new Map([
        [once, 1],
        [twice, 2],
      ]),
    };
    const transactional = { queue: 'hooks.transactional', count: 1, endpoints: new Map([[once, 1]]) };
    const outbox = new OutboxStore(pool);
    expect(counts(await outbox.windowsOf(['hooks.bulk', 'none']))).toEqual([bulk]);
    const all = counts(await outbox.windows());
    expect(all).toHaveLength(2);
    expect(all).toEqual(expect.arrayContaining([bulk, transactional]));
  });

  it('holds up nobody while the queue takes its hints: who comes meanwhile is published beside it', async () => {
    const campaign = await wait('bulk', endpoints(20));
    let letBulkPass!: () => void;
    bulkMayPass = new Promise((resolve) => (letBulkPass = resolve));
    const config = { environment: { databaseUrl: database.url } };
    const loop = new RelayLoop(relay, config as never, new Log('silent'));
    loop.start(async () => undefined);
    try {
      await waitFor(() => relay.isAtBulk, { what: 'a pass at bulk' });
      const ids = await wait('transactional', endpoints(3));
      await pool.query(`SELECT pg_notify('posthaste_outbox', '')`);
      await waitFor(() => publishedIn('hooks.transactional').length === 3, {
        what: 'the transactional ones',
      });
      expect(publishedIn('hooks.transactional').sort()).toEqual(ids.sort());
      expect(publishedIn('hooks.bulk')).toEqual([]);
    } finally {
      letBulkPass();
      await loop.stop();
    }
    expect(publishedIn('hooks.bulk').sort()).toEqual(campaign.sort());
  });
});
