import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Arrival, HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const YAML = `
providers:
  - { name: hooks, channel: webhook, kind: http, timeout: 5s, breaker: { minimum: 1000 } }
types:
  order.placed: { retry: { retries: 1, base: 20ms, factor: 1, jitter: 0, slow: [] } }
`;

/** One subscriber, from its registration to its return; each step builds on those before it. */
describe.each(BACKENDS)('a subscriber’s life (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  let endpoint: { id: string; secret: string };
  let orders = 0;

  beforeAll(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend, yaml: YAML });
    await service.start();
    await service.start('relay,worker'); // whoever claims, the endpoint is known the same
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await sink.stop();
  });
  beforeEach(() => {
    sink.answer = () => 204;
    sink.arrivals.length = 0;
  });

  const post = async (path: string, body: object = {}, expected = 200) => {
    const answer = await service.request('POST', `/v1/endpoints/${endpoint.id}${path}`, body);
    expect([path, answer.status, answer.body]).toEqual([path, expected, answer.body]);
    return answer.body;
  };
  const get = async (path: string) =>
    (await service.request('GET', `/v1/endpoints/${endpoint.id}${path}`)).body;
  const story = async (id: string) => (await service.request('GET', `/v1/notifications/${id}`)).body;
  const order = async (count = 1): Promise<string[]> =>
    service.sendAll(
      Array.from({ length: count }, () => ({
        type: 'order.placed',
        recipient: 'acct-7',
        business_id: `order-${++orders}`,
        channel: 'webhook',
        to: endpoint.id,
        data: { order: orders },
      })),
    );
  const reach = (id: string, status: string) =>
    waitFor(async () => ((await story(id)).status === status ? true : undefined), {
      what: `${id} ${status}`,
    });
  const verifies = (secret: string, { body, headers }: Arrival): boolean =>
    [Standard, Svix].every((Webhook) => {
      try {
        new Webhook(secret).verify(body, headers as Record<string, string>);
        return true;
      } catch {
        return false;
      }
    });
  /** A change is felt by every process within two seconds: then the newest arrival is as it should be. */
  const arrivesSo = (what: string, isSo: (arrival: Arrival) => boolean) =>
    waitFor(
      async () => {
        const [id] = await order();
        await reach(id!, 'delivered');
        return isSo(sink.arrivals.at(-1)!);
      },
      { what, every: 200 },
    );

  it('begins with a registration and a test', async () => {
    const { status, body } = await service.request('POST', '/v1/endpoints', {
      uid: 'shop-1',
      url: sink.url(),
      types: ['order.*'],
      concurrency: 1,
      asymmetric: true,
    });
    expect(status).toBe(201);
    endpoint = body;
    const { id } = await post('/test', {}, 202);
    await reach(id, 'delivered');
    expect(sink.arrivals).toHaveLength(1);
    const [arrival] = sink.arrivals;
    expect(JSON.parse(arrival!.body)).toMatchObject({
      type: 'posthaste.test',
      data: { endpoint_id: endpoint.id },
    });
    expect(verifies(endpoint.secret, arrival!)).toBe(true);
    expect(String(arrival!.headers['webhook-signature'])).toMatch(/^v1,\S+ v1a,\S+$/);
  }, 60_000);

  it('takes no more calls at once than it asked for, and all of them', async () => {
    sink.delayMs = 20;
    sink.maxOpen = 0;
    const ids = await order(20);
    await waitFor(() => sink.arrivals.length === 20, { what: 'twenty orders' });
    await Promise.all(ids.map((id) => reach(id, 'delivered')));
    sink.delayMs = 0;
    expect(sink.maxOpen).toBeLessThanOrEqual(2); // one in each of two workers
    expect(sink.doubled).toEqual([]);
  }, 60_000);

  it('fails, is shown to fail, and gets what it missed when it is well again', async () => {
    sink.answer = () => ({ status: 500, body: 'our database is away' });
    const started = new Date().toISOString();
    const lost = await order(3);
    await Promise.all(lost.map((id) => reach(id, 'dead')));
    const health = await waitFor(async () => {
      const told = await get('/health');
      return told.state === 'failing' ? told : undefined;
    });
    expect(health).toMatchObject({ failing_since: expect.any(String), disabled_at: null });
    const { items } = await get('/attempts?status=failed');
    expect(items).toHaveLength(6);
    expect(items[0]).toMatchObject({ code: 'http_500', status: 'failed' });
    expect(items[0].detail).toContain('our database is away');
    sink.answer = () => 204;
    expect(await post('/recover', { since: started }, 202)).toMatchObject({ matched: 3 });
    await Promise.all(lost.map((id) => reach(id, 'delivered')));
    await waitFor(async () => ((await get('/health')).state === 'healthy' ? true : undefined), {
      what: 'its health',
    });
    expect(await post('/recover', { since: started }, 202)).toMatchObject({ matched: 0 });
  }, 60_000);

  it('changes its secret with both signing, then with the new one alone', async () => {
    const old = endpoint.secret;
    const { secret } = await post('/rotate-secret', { overlap: '1h' });
    await arrivesSo(
      'a delivery that both secrets sign',
      (hook) => verifies(secret, hook) && verifies(old, hook),
    );
    const newest = (await post('/rotate-secret', { overlap: '0s' })).secret;
    await arrivesSo(
      'a delivery that the newest alone signs',
      (hook) => verifies(newest, hook) && !verifies(secret, hook) && !verifies(old, hook),
    );
  }, 60_000);

  it('says that it is gone, is left alone, and gets what waited and what it refused when it returns', async () => {
    sink.answer = () => 410;
    const started = new Date().toISOString();
    const [refused] = await order();
    await reach(refused!, 'dead');
    expect(await story(refused!)).toMatchObject({ attempts: 1, next: { can: ['retry'] } });
    expect(await get('')).toMatchObject({ enabled: false, disabled_reason: 'gone' });
    const waiting = await order(5);
    const [hasty] = await service.sendAll([
      {
        type: 'order.placed',
        recipient: 'h',
        business_id: 'h',
        channel: 'webhook',
        to: endpoint.id,
        expires_in: '1s',
      },
    ]);
    await reach(hasty!, 'expired'); // it waits no longer than it may
    const next = await waitFor(async () => {
      const told = (await story(waiting[0]!)).next;
      return told.waiting_for === 'endpoint' ? told : undefined;
    });
    expect(next).toMatchObject({ action: 'send', can: ['retry', 'cancel'] });
    // What goes round it is out and back: a relay that did not obey would have sent these by now.
    const other = await service.createEndpoint(sink.url('/other'));
    sink.answer = ({ path }) => (path === '/other' ? 204 : 410);
    const [passing] = await service.sendAll([
      { type: 'order.placed', recipient: 'b', business_id: 'b-1', channel: 'webhook', to: other },
    ]);
    await reach(passing!, 'delivered');
    expect(sink.arrivals.filter(({ path }) => path === '/hook')).toHaveLength(1);
    expect(await get('/health')).toMatchObject({ state: 'disabled', disabled_reason: 'gone', waiting: 5 });
    sink.answer = () => 204;
    expect(await post('/enable')).toMatchObject({ enabled: true, disabled_at: null });
    await Promise.all(waiting.map((id) => reach(id, 'delivered')));
    await post('/recover', { since: started }, 202);
    await reach(refused!, 'delivered');
    expect((await service.settled())['dead']).toBeUndefined();
    const { rows } = await service.pool.query(
      `SELECT change || coalesce(' ' || reason, '') AS change FROM endpoint_changes ORDER BY id`,
    );
    expect(rows.map((row) => row.change)).toEqual(['rotated', 'rotated', 'disabled gone', 'enabled']);
  }, 60_000);
});
