import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const HOLD = `INSERT INTO gates (kind, key, held_by, held_until, detail)
              VALUES ('provider', 'webhooks', 'breaker', now() + $1 * interval '1 s', 'most of its calls fail')`;

/** A hint that nobody hands back: its job waits in the queue, and no worker lives. */
describe.each(BACKENDS)('hints that are out when a gate closes (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;

  beforeEach(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend });
    await service.start('api,relay');
    const endpoint = await service.createEndpoint(sink.url('/'));
    const one = { type: 'order.shipped', recipient: 'ada', channel: 'webhook', to: endpoint };
    await service.sendAll([{ ...one, business_id: '1' }]);
    await waitFor(async () => (await published()) === 1, { within: 20_000, what: 'the hint out' });
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
  });

  const published = async (): Promise<number> => {
    const { rows } = await service.pool.query('SELECT count(published_at)::integer AS count FROM outbox');
    return rows[0].count;
  };

  it('are back in the outbox within seconds, though the queue still has them', async () => {
    await service.pool.query(HOLD, [600]);
    await waitFor(async () => (await published()) === 0, { within: 30_000, what: 'the hint back' });
  });

  it('do not keep the gate from being tried, and are stale when a worker comes', async () => {
    await service.pool.query(HOLD, [1]);
    const again = 'SELECT FROM outbox WHERE dispatch > 1 AND published_at IS NOT NULL';
    await waitFor(async () => (await service.pool.query(again)).rowCount === 1, {
      within: 30_000,
      what: 'the next try out',
    });
    await service.start('worker');
    expect(await service.settled(30_000)).toEqual({ delivered: 1 });
    expect(sink.arrivals).toHaveLength(1);
    expect((await service.pool.query('SELECT FROM gates')).rowCount).toBe(0);
  });
});
