import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AlertSink, alertsOf } from '../support/alert-sink.js';
import { HookSink } from '../support/hook-sink.js';
import { NO_BUDGET } from '../support/no-budget.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const BACKEND = BACKENDS[0]!;
const CLOCK = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url));
const FROM = 'from: "Acme <no-reply@acme.example>"';

describe('operators hear of what goes wrong, once', () => {
  let service: TestService;
  let sink: AlertSink;
  let subscriber: HookSink;
  let smtp: ScriptedSmtp;
  let postgres: TestPostgres | undefined;

  beforeEach(async () => {
    sink = await AlertSink.start();
    subscriber = await HookSink.start();
    smtp = await startScriptedSmtp({ credentials: { user: 'acme', pass: 'right' } });
  });
  afterEach(async () => {
    await service.stop();
    await postgres?.end();
    postgres = undefined;
    await Promise.all([sink.stop(), subscriber.stop(), smtp.close()]);
  });

  const deploy = async (provider: string, more = '', databaseUrl?: string) => {
    const yaml = `providers:
  - { name: mail, channel: email, kind: smtp, ${FROM}, ${NO_BUDGET}, ${provider} }
  - { name: hooks, channel: webhook, kind: http, timeout: 1s, ${NO_BUDGET} }
types:
  welcome: { retry: { retries: 20, base: 50ms, factor: 1, slow: [] } }
  order.shipped: { retry: { retries: 1, base: 50ms, slow: [] } }
${sink.section(more)}`;
    service = await TestService.create({ backend: BACKEND, yaml, ...(databaseUrl ? { databaseUrl } : {}) });
  };
  const right = () => `url: "${smtp.url.replace('smtp://', 'smtp://acme:right@')}", require_tls: false`;
  const mails = (count: number) =>
    service.sendAll(
      Array.from({ length: count }, (_, i) => ({
        type: 'welcome',
        recipient: `ada-${i}@example.com`,
        business_id: 'w-1',
        channel: 'email',
        data: { name: 'Ada' },
      })),
    );
  const hooks = (to: string, count: number, run: string, onInDoubt = 'retry') =>
    service.sendAll(
      Array.from({ length: count }, (_, i) => ({
        type: 'order.shipped',
        recipient: 'ada',
        business_id: `${run}-${i}`,
        channel: 'webhook',
        to,
        on_in_doubt: onInDoubt,
      })),
    );
  const told = (key: string, events: string[]) =>
    waitFor(() => sink.eventsOf(key).length >= events.length, {
      within: 60_000,
      what: `${events.join(', ')} of ${key}`,
    }).then(() => expect(sink.eventsOf(key)).toEqual(events));

  it('of a breaker that is open and a channel that is down, until a call succeeds', async () => {
    await deploy(`${right()}, breaker: { error_rate: 0.5, minimum: 5, window: 60s, reset: 2s }`);
    await service.start();
    const { port } = smtp;
    await smtp.close();
    await mails(30);
    await told('breaker_open:mail', ['raised']);
    await told('channel_down:email', ['raised']);
    const overview = (await service.request('GET', '/v1/admin/overview')).body;
    expect(overview).toMatchObject({ verdict: 'critical', processes: { api: 1, relay: 1, worker: 1 } });
    const providers = (await service.request('GET', '/v1/admin/providers')).body.items;
    expect(providers[0].breaker.state).not.toBe('closed');
    smtp = await startScriptedSmtp({ port, credentials: { user: 'acme', pass: 'right' } });
    expect(await service.settled()).toEqual({ sent: 30 });
    await told('breaker_open:mail', ['raised', 'resolved']);
    await told('channel_down:email', ['raised', 'resolved']);
    expect(sink.hooks.doubled).toEqual([]);
  }, 120_000);

  it('of credentials that are refused, at once', async () => {
    await deploy(right().replace('right@', 'wrong@'));
    await service.start();
    await mails(3);
    await told('configuration_refused:mail', ['raised']);
    const { body } = await service.request('GET', '/v1/admin/alerts?state=open&kind=configuration_refused');
    expect(body.items).toMatchObject([
      { severity: 'critical', targets: [{ name: 'webhook', state: 'told' }] },
    ]);
    expect(JSON.stringify(sink.hooks.arrivals.map(({ body }) => body))).not.toMatch(/ada-|wrong/);
  }, 90_000);

  it('of the first dead letter, the tenth and the hundredth', async () => {
    await deploy(right());
    await service.start();
    const endpoint = await service.createEndpoint(subscriber.url());
    subscriber.answer = () => 400;
    const key = 'dead_letters:order.shipped:hooks:retry';
    await hooks(endpoint, 1, 'first');
    await told(key, ['raised']);
    await hooks(endpoint, 9, 'tenth');
    await told(key, ['raised', 'repeated']);
    await hooks(endpoint, 90, 'hundredth');
    await told(key, ['raised', 'repeated', 'repeated']);
    expect(await service.settled()).toEqual({ dead: 100 });
    expect(sink.told.filter((one) => one.key === key).map(({ count }) => count)).toEqual([1, 10, 100]);
  }, 90_000);

  it('of a doubt that nobody has decided, until somebody does', async () => {
    await deploy(right(), ', in_doubt_age: 1s');
    await service.start();
    const endpoint = await service.createEndpoint(subscriber.url());
    subscriber.answer = () => 'drop';
    const [id] = await hooks(endpoint, 1, 'doubt', 'park');
    await told('in_doubt_parked:order.shipped:hooks', ['raised']);
    const { status } = await service.request('POST', `/v1/admin/notifications/${id}/resolve`, {
      as: 'sent',
      reason: 'the subscriber has it',
    });
    expect(status).toBe(200);
    await told('in_doubt_parked:order.shipped:hooks', ['raised', 'resolved']);
  }, 90_000);

  it('of relays that are silent, from a process that is not one, until there is one again', async () => {
    await deploy(right());
    const api = await service.start('api,worker');
    const relay = await service.start('relay');
    relay.signal('SIGKILL');
    await relay.ended;
    await mails(1);
    await told('relay_silent', ['raised']);
    const { stuck } = (await service.request('GET', '/v1/admin/overview', undefined, api)).body;
    expect(stuck).toMatchObject([{ where: 'outbox', because: 'no_relay' }]);
    await service.start('relay');
    await told('relay_silent', ['raised', 'resolved']);
    expect(await service.settled()).toEqual({ sent: 1 });
  }, 120_000);

  it('of a clock that is an hour off', async () => {
    await deploy(right());
    const skewed = await service.start('worker', {
      NODE_OPTIONS: `--import ${CLOCK}`,
      CLOCK_SHIFT_MS: '3600000',
    });
    await service.start('api,relay');
    const alert = await waitFor(() => sink.told.find(({ key }) => key.startsWith('clock_skew:')), {
      within: 40_000,
      what: 'the skew',
    });
    skewed.signal('SIGTERM');
    await skewed.ended;
    await told(alert.key, ['raised', 'resolved']);
  }, 90_000);

  it('of a PostgreSQL that is gone, from memory, and that it is back', async () => {
    postgres = await startPostgres();
    await deploy(right(), '', postgres.url);
    await service.start();
    await postgres.kill();
    const gone = await waitFor(() => sink.told.find(({ key }) => key.startsWith('postgres_unavailable')), {
      within: 60_000,
      what: 'that it is gone',
    });
    await postgres.restart();
    await told(gone.key, ['raised', 'resolved']);
    expect(await alertsOf(service.pool, gone.key)).toMatchObject([{ told: 2 }]);
    expect(sink.hooks.doubled).toEqual([]);
  }, 150_000);

  it('and their own word stops a queue, and opens and closes a breaker everywhere', async () => {
    await deploy(right());
    await service.start();
    const path = '/v1/admin/queues/mail.transactional';
    expect((await service.request('POST', `${path}/pause`, { reason: 'maintenance' })).body).toMatchObject({
      state: 'held',
      holds: [{ by: 'pause', detail: 'maintenance' }],
    });
    const [id] = await mails(1);
    const story = async () => (await service.request('GET', `/v1/notifications/${id}`)).body;
    await waitFor(async () => (await story()).next.waiting_for === 'pause', { what: 'the pause told' });
    expect(smtp.messages).toHaveLength(0);
    const force = (state: string) =>
      service.request('POST', '/v1/admin/providers/mail/breaker', { state, reason: 'they said so' });
    expect((await force('open')).body.breaker.state).toBe('open');
    await service.request('POST', `${path}/resume`, {});
    await told('breaker_open:mail', ['raised']);
    expect((await story()).next.waiting_for).toBe('breaker');
    expect(smtp.messages).toHaveLength(0);
    expect((await force('closed')).body.breaker.state).toBe('closed');
    expect(await service.settled()).toEqual({ sent: 1 });
    await waitFor(
      async () => {
        const { items } = (await service.request('GET', '/v1/admin/providers')).body;
        return items[0].calls === 1 && items[0].success_rate === 1;
      },
      { what: 'the call counted' },
    );
    const { items } = (await service.request('GET', '/v1/admin/audit')).body;
    expect(items.map(({ action }: { action: string }) => action).sort()).toEqual(
      ['breaker.close', 'breaker.open', 'queue.pause', 'queue.resume'].sort(),
    );
    expect((await service.request('POST', '/v1/admin/queues/none.bulk/pause', {})).status).toBe(404);
    expect(
      (await service.request('POST', '/v1/admin/providers/none/breaker', { state: 'open' })).status,
    ).toBe(404);
  }, 90_000);
});
