import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

describe.each(BACKENDS)('a worker that sleeps through its lease (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;

  beforeEach(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend });
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
  });

  it('is given up, in doubt; its late word settles what is still in doubt, and nobody else has sent it', async () => {
    const api = await service.start('api,relay');
    const sleeper = await service.start('worker');
    const endpoint = await service.createEndpoint(sink.url());
    sink.delayMs = 500;
    const [id] = await service.sendAll([
      {
        type: 'order.shipped',
        recipient: 'ada',
        business_id: 'o-1',
        channel: 'webhook',
        to: endpoint,
        on_in_doubt: 'park',
      },
    ]);
    await waitFor(() => sink.arrivals.length === 1, { what: 'the call' });
    sleeper.signal('SIGSTOP');
    const story = async () => (await service.request('GET', `/v1/notifications/${id}`, undefined, api)).body;
    const doubtful = await waitFor(
      async () => ((await story()).status === 'in_doubt' ? story() : undefined),
      {
        within: 45_000,
        what: 'the worker given up',
      },
    );
    expect(doubtful.history.at(-1)).toMatchObject({ event: 'in_doubt', code: 'worker_lost' });

    sleeper.signal('SIGCONT');
    const told = await waitFor(async () => ((await story()).status === 'delivered' ? story() : undefined), {
      what: 'its late word',
    });
    expect(told.history.filter((entry: { event: string }) => entry.event === 'attempt')).toMatchObject([
      { outcome: 'taken', code: 'http_204' },
    ]);
    expect(sink.times.get(id!)).toBe(1);
    const { rows } = await service.pool.query('SELECT count(*)::integer AS count FROM undelivered');
    expect(rows[0].count).toBe(0);
  }, 90_000);
});
