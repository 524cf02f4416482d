import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const CREDENTIALS = { user: 'acme', pass: 'right' };
const yaml = (first: string, second: string) => `
providers:
  - { name: first, channel: email, kind: smtp, url: "${first}", from: "Acme <no-reply@acme.example>", priority: 1, require_tls: false }
  - { name: second, channel: email, kind: smtp, url: "${second}", from: "Acme <no-reply@acme.example>", priority: 2, require_tls: false }
  - { name: hooks, channel: webhook, kind: http }
`;

describe.each(BACKENDS)('what is held does not go out (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  let first: ScriptedSmtp;
  let second: ScriptedSmtp;

  beforeEach(async () => {
    sink = await HookSink.start();
    first = await startScriptedSmtp({ credentials: CREDENTIALS });
    second = await startScriptedSmtp();
    const wrong = first.url.replace('smtp://', 'smtp://acme:wrong@');
    service = await TestService.create({ backend, yaml: yaml(wrong, second.url) });
    await service.start();
  });

  afterEach(async () => {
    await service.stop();
    await Promise.all([sink.stop(), first.close(), second.close()]);
  });

  const hook = (endpoint: string, number: number) => ({
    type: 'order.shipped',
    recipient: 'ada',
    business_id: `order-${endpoint}-${number}`,
    channel: 'webhook',
    to: endpoint,
  });
  const mail = (number: number) => ({
    type: 'welcome',
    recipient: `ada-${number}@example.com`,
    business_id: `welcome-${number}`,
    channel: 'email',
    data: { name: 'Ada' },
  });
  const story = async (id: string) => (await service.request('GET', `/v1/notifications/${id}`)).body;

  it('goes to the next provider when the first refuses our credentials, and burns no attempt of anybody', async () => {
    const ids = await service.sendAll(Array.from({ length: 50 }, (_, i) => mail(i)));
    await waitFor(() => second.messages.length === 50, { within: 30_000, what: 'fifty mails by the second' });
    await service.settled();
    expect(first.messages).toHaveLength(0);
    const told = await Promise.all(ids.map(story));
    expect(new Set(told.map((one) => one.status))).toEqual(new Set(['sent']));
    const { rows } = await service.pool.query('SELECT max(tries) AS tries FROM notifications');
    expect(rows[0].tries).toBe(1);
    const { body } = await service.request('GET', '/v1/admin/providers');
    expect(body.items.find((one: { name: string }) => one.name === 'first')).toMatchObject({
      state: 'held',
      holds: expect.arrayContaining([expect.objectContaining({ by: 'configuration' })]),
    });
  }, 60_000);

  it('leaves an endpoint alone for as long as it asks, while the others get theirs', async () => {
    const busy = await service.createEndpoint(sink.url('/busy'));
    const other = await service.createEndpoint(sink.url('/other'));
    sink.answer = ({ path }) =>
      path === '/busy' && sink.arrivals.filter((one) => one.path === '/busy').length === 1
        ? { status: 429, headers: { 'retry-after': '3' } }
        : 204;
    const [head] = await service.sendAll([hook(busy, 0)]);
    await waitFor(() => sink.arrivals.length === 1, { what: 'the first call' });
    await waitFor(async () => (await service.pool.query('SELECT FROM gates')).rowCount === 1, {
      what: 'the gate',
    });
    const [waiting] = await service.sendAll([hook(busy, 1)]);
    expect((await story(waiting!)).next).toMatchObject({
      action: 'send',
      waiting_for: 'rate_limit',
      at: expect.any(String),
    });
    await service.sendAll([hook(other, 0)]);
    await waitFor(() => sink.arrivals.some((one) => one.path === '/other'), { what: 'the other endpoint' });
    expect(sink.arrivals.filter((one) => one.path === '/busy')).toHaveLength(1);
    await service.settled();
    expect((await story(head!)).attempts).toBe(2);
    const { rows } = await service.pool.query('SELECT max(tries) AS tries FROM notifications');
    expect(rows[0].tries).toBe(1);
  }, 60_000);

  it('lets nothing of a paused type out, says who and why, and the others go on', async () => {
    const endpoint = await service.createEndpoint(sink.url());
    const path = '/v1/admin/types/order.shipped';
    const paused = await service.request('POST', `${path}/pause`, { reason: 'wrong prices' });
    expect(paused.body).toMatchObject({ state: 'held', holds: [{ by: 'pause', detail: 'wrong prices' }] });
    await service.request('POST', `${path}/pause`, { reason: 'wrong prices' }); // twice is once
    const ids = await service.sendAll(Array.from({ length: 20 }, (_, i) => hook(endpoint, i)));
    await service.sendAll([{ ...hook(endpoint, 0), type: 'order.paid' }]);
    await waitFor(() => sink.arrivals.length === 1, { what: 'the other type' });
    const { next } = await story(ids[0]!);
    expect(next).toMatchObject({ action: 'send', waiting_for: 'pause' });
    const operator = service.apiKey.split('_')[1];
    expect(next.reason).toMatch(
      new RegExp(
        `^The type order.shipped is held since 20.*paused it, until it is resumed \\(wrong prices, .*${operator}\\)`,
      ),
    );
    const waiting = await waitFor(
      async () => {
        const { body } = await service.request('GET', '/v1/admin/types');
        const [one] = body.items as { type: string; waiting: number }[];
        return one!.waiting === 20 ? one : undefined;
      },
      { what: 'all of them to be parked' },
    );
    expect(waiting).toMatchObject({ type: 'order.shipped', state: 'held' });
    expect(sink.arrivals).toHaveLength(1);
    await service.redis?.flush();
    expect((await service.request('POST', `${path}/resume`, {})).body.state).toBe('open');
    expect(await service.settled()).toEqual({ delivered: 21 });
    expect(sink.doubled).toEqual([]);
    const { body: audit } = await service.request('GET', '/v1/admin/audit?target=order.shipped');
    expect(audit.items.map(({ action }: { action: string }) => action)).toEqual([
      'type.resume',
      'type.pause',
      'type.pause',
    ]);
    expect((await service.request('POST', '/v1/admin/types/NoSuch%20Type/pause', {})).status).toBe(404);
  }, 60_000);

  it('lets nothing out of a paused provider, says so, and goes on when it is resumed', async () => {
    const endpoint = await service.createEndpoint(sink.url());
    const paused = await service.request('POST', '/v1/admin/providers/hooks/pause', {
      reason: 'an incident',
    });
    expect(paused.body).toMatchObject({
      state: 'held',
      holds: [{ by: 'pause', until: null, detail: 'an incident' }],
    });
    const ids = await service.sendAll(Array.from({ length: 20 }, (_, i) => hook(endpoint, i)));
    const next = await waitFor(async () => {
      const told = (await story(ids[0]!)).next;
      return told.waiting_for === 'pause' ? told : undefined;
    });
    expect(next.reason).toContain('an incident');
    // A relay that did not obey would have published by now: the webhook that goes round it is out and back.
    expect(sink.arrivals).toHaveLength(0);
    await service.redis?.flush(); // a pause does not live in the queue
    await service.request('POST', '/v1/admin/providers/hooks/resume', {});
    expect(await service.settled()).toEqual({ delivered: 20 });
    expect(sink.doubled).toEqual([]);
    const { body: audit } = await service.request('GET', '/v1/admin/audit?target=hooks');
    expect(audit.items).toMatchObject([
      { action: 'provider.resume', before: { paused: true }, after: { paused: false } },
      { action: 'provider.pause', reason: 'an incident' },
    ]);
  }, 60_000);
});
