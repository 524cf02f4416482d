import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Arrival, HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const YAML = `
providers:
  - { name: hooks, channel: webhook, kind: http, timeout: 1s, breaker: { minimum: 1000 } }
`;

describe.each(BACKENDS)('from an event to its subscribers (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  beforeAll(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend, yaml: YAML });
    await service.start();
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await sink.stop();
  });
  beforeEach(() => {
    sink.answer = () => 204;
    sink.arrivals.length = 0;
  });

  const subscribe = async (path: string, types: string[], recipient?: string) => {
    const { status, body } = await service.request('POST', '/v1/endpoints', {
      url: sink.url(path),
      types,
      recipient,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return body as { id: string; secret: string };
  };
  const post = (data: object) =>
    service.request('POST', '/v1/events', { type: 'order.shipped', business_id: 'order-77', data });
  const at = (path: string): Arrival[] => sink.arrivals.filter((arrival) => arrival.path === path);
  /** What the official library makes of it. */
  const opened = ({ secret }: { secret: string }, { body, headers }: Arrival): any =>
    new Webhook(secret).verify(body, headers as Record<string, string>);

  it('tells each subscriber once, signed with its own secret, and posted again only the one that was added', async () => {
    const [a, b] = [await subscribe('/a', ['order.*']), await subscribe('/b', ['*'])];
    await subscribe('/other', ['invoice.*']);
    const data = { order: 77, name: 'Grüße 🎉' };
    const first = await post(data);
    expect([first.status, first.body.matched]).toEqual([202, 2]);
    await waitFor(() => sink.arrivals.length >= 2, { what: 'both deliveries' });
    for (const [endpoint, path] of [
      [a, '/a'],
      [b, '/b'],
    ] as const) {
      const told = { type: 'order.shipped', timestamp: expect.stringMatching(/^\d{4}-.*Z$/), data };
      expect(opened(endpoint, at(path)[0]!)).toEqual(told);
    }
    expect(() => opened(a, at('/b')[0]!)).toThrow();

    const c = await subscribe('/c', ['order.shipped']);
    const again = await post(data);
    expect([again.status, again.body]).toEqual([200, { id: first.body.id, matched: 3, duplicate: true }]);
    await waitFor(() => at('/c').length > 0, { what: 'the third delivery' });
    expect(opened(c, at('/c')[0]!).data).toEqual(data);
    expect(await service.settled()).toEqual({ delivered: 3 });
    expect(sink.arrivals.map(({ path }) => path).sort()).toEqual(['/a', '/b', '/c']);
    const { body } = await service.request('GET', `/v1/notifications?event_id=${first.body.id}`);
    expect(new Set(body.items.map((item: { id: string }) => item.id))).toEqual(
      new Set(sink.arrivals.map(({ id }) => id)),
    );
    expect((await service.request('GET', `/v1/events/${first.body.id}`)).body.notifications).toEqual({
      delivered: 3,
    });
  });

  it('keeps id and bytes over retries, as the data lies in the event alone', async () => {
    await subscribe('/flaky', ['stock.low']);
    sink.answer = (_, times) => (times < 3 ? 500 : 204);
    await service.request('POST', '/v1/events', {
      type: 'stock.low',
      business_id: 'sku-1',
      data: { left: 3 },
    });
    const tries = await waitFor(() => (at('/flaky').length >= 3 ? at('/flaky') : undefined), {
      what: 'three tries',
    });
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1);
  });

  it('says itself what became of a notification to whoever asks for it, and says nothing of that', async () => {
    const ear = await subscribe('/ear', ['posthaste.notification.*']);
    await subscribe('/target', ['invoice.paid']);
    sink.answer = ({ path }) => (path === '/target' ? 410 : 204);
    await service.request('POST', '/v1/events', { type: 'invoice.paid', business_id: 'inv-1', data: {} });
    const words = await waitFor(
      () => {
        const heard = at('/ear').map((arrival) => opened(ear, arrival));
        return heard.some(({ type }) => type === 'posthaste.notification.dead') ? heard : undefined;
      },
      { what: 'word of a death' },
    );
    const dead = words.find(({ type }) => type === 'posthaste.notification.dead');
    const [target] = at('/target');
    expect(dead.data).toEqual({
      id: target!.id,
      type: 'invoice.paid',
      business_id: 'inv-1',
      channel: 'webhook',
      status: 'dead',
      code: 'http_410',
      class: 'gone',
      attempts: 1,
      at: expect.any(String),
    });
    await waitFor(async () => (await service.pool.query('SELECT FROM own_events')).rowCount === 0, {
      what: 'everything said to be spread',
    });
    await service.settled();
    const heard = at('/ear').map((arrival) => opened(ear, arrival).data);
    expect(heard.filter(({ type }) => type.startsWith('posthaste.'))).toEqual([]);
    expect(new Set(heard.map(({ id, status }) => `${id} ${status}`)).size).toBe(heard.length);
  });
});
