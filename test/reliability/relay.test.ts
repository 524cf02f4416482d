import { afterEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { NotificationRequest } from './support/client.js';
import type { Stage } from './support/stage.js';
import { hook, many } from './support/workload.js';

/** An endpoint's window at its beginning; the relay makes eight jobs of them. */
const HINTS = 40;
const JOBS = 8;
/** A job is some 800 bytes on its way: after the first of them and before the last. */
const AFTER_BYTES = 3_000;

describe.each(BACKENDS)('the relay under fire (%s)', (backend) => {
  let stage: Stage;

  afterEach(() => stage.stop());

  const published = async (): Promise<number> =>
    (await stage.pool.query('SELECT FROM outbox WHERE published_at IS NOT NULL')).rowCount!;
  /** What a gauge counts in this process, over all its labels. */
  const metric = async (url: string, name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  it('4. kill -9 relay after publish, before delete → published again, the second hint is stale', async () => {
    stage = await openStage(backend);
    await stage.start('api');
    const endpoint = await stage.createEndpoint();
    await stage.client.postBatch(many(HINTS, () => hook(endpoint)));
    const relay = await stage.start('relay', { crashAt: 'after_publish', isAwaited: false });
    expect(await relay.ended).toBe('SIGKILL');
    expect(await published()).toBe(HINTS);
    // Longer than any hint can be out: the dead relay's are taken for lost, though the queue has them.
    await stage.pool.query(`UPDATE outbox SET published_at = published_at - interval '5 minutes'`);
    await stage.start('relay');
    await waitFor(
      async () =>
        (await stage.pool.query('SELECT FROM outbox WHERE dispatch = 2 AND published_at IS NOT NULL'))
          .rowCount === HINTS,
      { what: 'all published again' },
    );
    const worker = await stage.start('worker');
    expectGreen(await stage.verdict());
    expect(stage.providers.ledger.calls).toHaveLength(HINTS);
    await waitFor(async () => (await metric(worker.url, 'posthaste_stale_hints_total')) === HINTS, {
      what: 'a stale hint for each',
    });
  });

  it('5. kill -9 relay in the middle of addBulk → every row is published', async () => {
    stage = await openStage(backend);
    await stage.start('api');
    const endpoint = await stage.createEndpoint();
    const jobs = await relayThatDiesHalfWay(() => hook(endpoint));
    expect(await published()).toBe(HINTS);
    // Redis takes a pipeline job by job; PostgreSQL's queues take all or nothing.
    expect(jobs).toBeGreaterThan(backend === 'redis' ? 0 : -1);
    expect(jobs).toBeLessThan(JOBS);
    await stage.start('relay,worker');
    expectGreen(await stage.verdict());
    expect(stage.providers.ledger.calls).toHaveLength(HINTS);
  });

  /** Its way to the queue stands still after some of its jobs; then it is killed. Answers how many got in. */
  async function relayThatDiesHalfWay(request: () => NotificationRequest): Promise<number> {
    if (backend === 'postgresql') {
      await stage.client.postBatch(many(HINTS, request));
      const relay = await stage.start('relay', { crashAt: 'after_mark_before_publish', isAwaited: false });
      expect(await relay.ended).toBe('SIGKILL');
      return 0;
    }
    const { redis } = stage.stores;
    const hop = await stage.hop('redis of the relay', redis!.url);
    const relay = await stage.start('relay', { env: { REDIS_URL: hop.through(redis!.url) } });
    await stage.client.post(request()); // the first publication sends the script, too
    await waitFor(async () => (await published()) === 1);
    await waitFor(async () => (await jobsInRedis()) === 1);
    await hop.set({ kind: 'freeze', afterBytes: AFTER_BYTES, direction: 'up' });
    await stage.client.postBatch(many(HINTS - 1, request));
    await hop.triggered;
    await stage.kill(relay);
    return (await jobsInRedis()) - 1;
  }

  const jobsInRedis = async (): Promise<number> =>
    ((await stage.stores.redis!.ask('KEYS *:d-*')).match(/:d-/g) ?? []).length;
});
