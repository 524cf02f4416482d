import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

// CI runs nothing without a Redis to take away; elsewhere the queues' own home is asked after.
if (BACKENDS.includes('redis')) {
  describe('Redis goes away', () => {
    let service: TestService;
    let sink: HookSink;

    beforeEach(async () => {
      sink = await HookSink.start();
      service = await TestService.create({ backend: 'redis' });
      await service.start();
    });

    afterEach(async () => {
      service.redis!.resume();
      await service.stop();
      await sink.stop();
    });

    const send = async (endpoint: string, number: number): Promise<string> => {
      const { status, body } = await service.request('POST', '/v1/notifications', {
        type: 'order.shipped',
        recipient: `customer-${number}`,
        business_id: `order-${number}`,
        channel: 'webhook',
        to: endpoint,
      });
      expect(status).toBe(202);
      return body.id as string;
    };
    const ready = () => service.request('GET', '/health/ready');

    it.each([
      ['hangs', async () => service.redis!.pause(), async () => service.redis!.resume()],
      [
        'is killed and comes back empty',
        () => service.redis!.kill(),
        async () => {
          await service.redis!.restart();
          await service.redis!.flush();
        },
      ],
    ])(
      'takes requests while it %s, says what is away, and delivers each once when it is back',
      async (_, take, giveBack) => {
        const endpoint = await service.createEndpoint(sink.url());
        await send(endpoint, 0);
        await waitFor(() => sink.arrivals.length === 1, { what: 'the first' });
        await take();
        const ids: string[] = [];
        for (let i = 1; i <= 20; i++) ids.push(await send(endpoint, i));
        const { status, body } = await waitFor(async () => {
          const answer = await ready();
          return answer.body.checks.redis === 'ok' ? undefined : answer;
        });
        expect({ status, redis: body.checks.redis }).toMatchObject({
          status: 200,
          redis: expect.stringMatching(/reached|answer/),
        });
        await giveBack();
        await waitFor(() => ids.every((id) => sink.times.has(id)), {
          within: 45_000,
          what: 'all that was accepted meanwhile',
        });
        expect(sink.doubled).toEqual([]);
        expect((await ready()).body.checks.redis).toBe('ok');
      },
      90_000,
    );
  });
} else {
  describe('there is no Redis', () => {
    it('keeps its queues in PostgreSQL, and says that they are well', async () => {
      const service = await TestService.create({ backend: 'postgresql' });
      await service.start();
      const { body } = await service.request('GET', '/health/ready');
      expect(body.checks).toEqual({ postgresql: 'ok', migrations: 'ok', queues: 'ok' });
      await service.stop();
    });
  });
}
