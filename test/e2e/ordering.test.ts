import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const COUNT = 200;

describe.each(BACKENDS)('ordering keys (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;

  beforeEach(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend });
    await service.start('api');
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
  });

  const hook = (to: string, number: number, orderingKey?: string) => ({
    type: 'order.shipped',
    recipient: 'ada',
    business_id: `${orderingKey}-${number}`,
    channel: 'webhook',
    to,
    ...(orderingKey === undefined ? {} : { ordering_key: orderingKey }),
  });

  it(`delivers ${COUNT} of a key in the order of their answers, over two relays and two workers`, async () => {
    const endpoint = await service.createEndpoint(sink.url());
    const order: string[] = [];
    for (let i = 0; i < COUNT; i++) {
      const { body } = await service.request('POST', '/v1/notifications', hook(endpoint, i, 'acct-7'));
      order.push(body.id as string);
    }
    await service.sendAll(Array.from({ length: COUNT }, (_, i) => hook(endpoint, i)));
    const { body } = await service.request('GET', `/v1/notifications/${order.at(-1)}`);
    expect(body.next).toMatchObject({ action: 'send', waiting_for: 'order' });
    expect(body.next.reason).toContain(order[0]);
    await Promise.all([1, 2].map(() => service.start('relay,worker')));
    await service.settled(90_000);
    const arrived = sink.arrivals.map(({ id }) => id);
    expect(arrived).toHaveLength(2 * COUNT);
    expect(arrived.filter((id) => order.includes(id))).toEqual(order);
  }, 150_000);

  it('lets other keys and those without one go while the head of a key with very many fails', async () => {
    const [dead, alive] = [
      await service.createEndpoint(sink.url('/dead')),
      await service.createEndpoint(sink.url()),
    ];
    sink.answer = ({ path }) => (path === '/dead' ? 500 : 204);
    for (let i = 0; i < 3; i++) {
      await service.sendAll(Array.from({ length: 1_000 }, (_, n) => hook(dead, 1_000 * i + n, 'stuck')));
    }
    await service.sendAll([hook(alive, 1, 'other'), hook(alive, 2, 'other'), hook(alive, 3), hook(dead, 4)]);
    await service.start('relay,worker');
    await waitFor(() => sink.arrivals.filter(({ path }) => path !== '/dead').length === 3, {
      within: 30_000,
      what: 'those behind nobody',
    });
    const ofKey = new Set(sink.arrivals.filter(({ path }) => path === '/dead').map(({ id }) => id));
    expect(ofKey.size).toBeLessThanOrEqual(3); // the head, the one without a key, and the next if the head is dead already
  }, 90_000);
});
