import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fromPublicId } from '../../src/domain/public-id.js';
import { startApp, type TestApp } from '../support/app.js';
import { genericCallback, genericSecret } from '../support/callbacks.js';
import { type Answer, HookSink } from '../support/hook-sink.js';
import { NO_BUDGET } from '../support/no-budget.js';
import { type ScriptedHttp, startScriptedHttp } from '../support/scripted-http.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { type ScriptedTwilio, startScriptedTwilio } from '../support/scripted-twilio.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const FROM = 'from: "Acme <no-reply@acme.example>", require_tls: false';
/** Long enough to be looked at before it is over. */
const LATER = 'retry: { retries: 3, base: 10m, in_doubt_delay: 10m }';
const SOME_TIME = expect.any(String) as unknown;
const WAITS = ['retry', 'cancel'];

/** What `next` says in a state, whole: what is left out is not there. */
interface Next {
  action: string;
  waiting_for?: string;
  at?: unknown;
  /** What its sentence has. */
  says: RegExp;
  can: string[];
}

/** A state, how the service itself comes into it (answers the notification), and what is then said. */
type Row = [state: string, arrange: () => Promise<string>, next: Next];

/** A deployment of the service, and what callers and operators do with it. */
class Driver {
  private static number = 0;
  private readonly answers = new Map<string, Answer>();

  constructor(
    readonly app: TestApp,
    readonly sink: HookSink,
  ) {}

  async send(notification: object): Promise<string> {
    const { status, body } = await this.app.send({ business_id: `b-${++Driver.number}`, ...notification });
    expect([status, body], JSON.stringify(body)).toEqual([202, expect.anything()]);
    return body.id as string;
  }

  mail(more: object = {}): Promise<string> {
    return this.send({
      type: 'welcome',
      channel: 'email',
      recipient: `ada-${++Driver.number}@example.com`,
      data: { name: 'Ada' },
      ...more,
    });
  }

  text(more: object = {}): Promise<string> {
    return this.send({
      type: 'otp.code',
      channel: 'sms',
      recipient: '+14155550100',
      data: { code: '1' },
      ...more,
    });
  }

  hook(to: string, more: object = {}): Promise<string> {
    return this.send({ type: 'order.shipped', channel: 'webhook', recipient: 'ada', to, ...more });
  }

  /** A subscriber's endpoint of its own, that answers so. */
  async endpoint(answer: Answer, more: object = {}): Promise<string> {
    const path = `/e${++Driver.number}`;
    this.answers.set(path, answer);
    this.sink.answer = (arrival) => this.answers.get(arrival.path) ?? 204;
    return (
      await this.operate('post', '/v1/endpoints', { url: this.sink.url(path), types: ['none.*'], ...more })
    ).id;
  }

  async operate(method: 'post' | 'patch' | 'get', path: string, body: object = {}): Promise<any> {
    const answer = await this.app.request(method, path).send(method === 'get' ? undefined : body);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body;
  }

  async story(id: string): Promise<any> {
    return (await this.app.request('get', `/v1/notifications/${id}`).expect(200)).body;
  }

  /** Resolves when it has this status. */
  async until(id: string, status: string): Promise<string> {
    await waitFor(async () => (await this.story(id)).status === status, { what: `${id} ${status}` });
    return id;
  }
}

const whole = ({ says, at, ...next }: Next) => ({
  ...next,
  ...(at === undefined ? {} : { at }),
  reason: expect.stringMatching(says) as unknown,
});

const expectNext = async (at: Driver, id: string, next: Next): Promise<void> =>
  expect
    .poll(async () => (await at.story(id)).next as object, { timeout: 30_000, interval: 100 })
    .toEqual(whole(next));

const timeOfDay = (hours: number): string =>
  new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);

describe('what is said of one that waits, while nobody relays', () => {
  let at: Driver;
  beforeAll(async () => {
    const sink = await HookSink.start();
    const app = await startApp({
      yaml: `
providers:
  - { name: mail, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", ${FROM} }
  - { name: texts, channel: sms, kind: twilio, base_url: "http://127.0.0.1:9", account_sid: AC1, auth_token: none, from: "+15005550006" }
  - { name: hooks, channel: webhook, kind: http }
types:
  night.owl: { channel: email, template: welcome, quiet_hours: { from: "${timeOfDay(-2)}", to: "${timeOfDay(4)}" } }
`,
    });
    at = new Driver(app, sink);
  });
  afterAll(async () => {
    await at.app.stop();
    await at.sink.stop();
  });

  const rows: Row[] = [
    [
      'accepted just now, and no relay lives',
      () => at.mail(),
      {
        action: 'send',
        waiting_for: 'outbox',
        says: /no relay has shown a sign of life: start a process with the role relay/,
        can: WAITS,
      },
    ],
    [
      'scheduled',
      () => at.mail({ send_at: '2100-01-01T00:00:00Z' }),
      {
        action: 'send',
        waiting_for: 'schedule',
        at: '2100-01-01T00:00:00.000Z',
        says: /scheduled for this time/,
        can: WAITS,
      },
    ],
    [
      'scheduled, for a provider that is paused for longer',
      async () => {
        await at.operate('post', '/v1/admin/providers/texts/pause', { reason: 'moving' });
        return at.text({ send_at: '2100-01-01T00:00:00Z' });
      },
      {
        action: 'send',
        waiting_for: 'schedule',
        at: '2100-01-01T00:00:00.000Z',
        says: /It stays even then, as things are: The provider texts is held since \S+: an operator has paused it.*\(moving, said with the API key \w+\)/,
        can: WAITS,
      },
    ],
    [
      'in quiet hours',
      () => at.mail({ type: 'night.owl' }),
      {
        action: 'send',
        waiting_for: 'schedule',
        at: SOME_TIME,
        says: /quiet hours where the recipient is/,
        can: ['cancel'],
      },
    ],
    [
      'behind another of its ordering key',
      async () => {
        await at.mail({ ordering_key: 'k' });
        return at.mail({ ordering_key: 'k' });
      },
      {
        action: 'send',
        waiting_for: 'order',
        says: /^ntf_\w+ has the same ordering key and is not settled yet/,
        can: WAITS,
      },
    ],
    [
      'for a provider that is paused',
      async () => {
        await at.operate('post', '/v1/admin/providers/texts/pause', { reason: 'moving' });
        return at.text();
      },
      {
        action: 'send',
        waiting_for: 'pause',
        says: /provider texts is held since \S+: an operator has paused it.*\(moving, said with the API key \w+\)/,
        can: WAITS,
      },
    ],
    [
      'for a queue that is paused',
      async () => {
        await at.operate('post', '/v1/admin/queues/mail.bulk/pause', { reason: 'too many' });
        return at.mail({ lane: 'bulk' });
      },
      {
        action: 'send',
        waiting_for: 'pause',
        says: /queue mail\.bulk is held since \S+: an operator has paused it.*\(too many, said with the API key \w+\)/,
        can: WAITS,
      },
    ],
    [
      'for an endpoint that is disabled',
      async () => at.hook(await at.endpoint(204, { enabled: false })),
      {
        action: 'send',
        waiting_for: 'endpoint',
        says: /endpoint is held since \S+: it is disabled; what waits goes out when it is enabled again/,
        can: WAITS,
      },
    ],
    [
      'behind a breaker that an operator has opened',
      async () => {
        await at.operate('post', '/v1/admin/providers/hooks/breaker', {
          state: 'open',
          reason: 'they said so',
        });
        return at.hook(await at.endpoint(204));
      },
      {
        action: 'send',
        waiting_for: 'breaker',
        says: /provider hooks is held since \S+: its breaker is open/,
        can: WAITS,
      },
    ],
    [
      'without a provider in the configuration',
      async () => {
        const id = await at.text();
        await at.app.restart({
          yaml: `providers:\n  - { name: mail, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", ${FROM} }\n`,
        });
        return id;
      },
      {
        action: 'send',
        waiting_for: 'provider',
        says: /configuration has no provider of its channel/,
        can: WAITS,
      },
    ],
  ];
  it.each(rows)('%s', async (_, arrange, next) => expectNext(at, await arrange(), next));
});

describe('what is said of one under way, and of how it ended', () => {
  let at: Driver;
  let smtp: ScriptedSmtp;
  let twilio: ScriptedTwilio;
  let gateway: ScriptedHttp;
  const secret = genericSecret();
  beforeAll(async () => {
    const sink = await HookSink.start();
    smtp = await startScriptedSmtp();
    twilio = await startScriptedTwilio();
    gateway = await startScriptedHttp({
      healthy: (_, count) => ({
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: `{"id":"gw-${count}"}`,
      }),
    });
    const app = await startApp({
      roles: 'api,relay,worker',
      env: { PUBLIC_URL: 'https://notify.example' },
      yaml: `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp.url}", ${FROM}, ${NO_BUDGET}, timeout: 3s, answer_timeout: 1s, breaker: { minimum: 1000 } }
  - { name: texts, channel: sms, kind: twilio, base_url: "${twilio.url}", account_sid: AC1, auth_token: none, from: "+15005550006", timeout: 1s, breaker: { minimum: 1000 } }
  - name: gateway
    channel: sms
    kind: http-sms
    priority: 2
    url: "${gateway.url}/sms"
    body: '{ "to": {{ to | json }}, "text": {{ text | json }} }'
    message_id_path: /id
    callbacks: { kind: generic, secret: "${secret}" }
  - { name: hooks, channel: webhook, kind: http, timeout: 60s, per_endpoint_concurrency: 2, ${NO_BUDGET}, breaker: { minimum: 5, reset: 10m } }
types:
  welcome: { ${LATER} }
  order.shipped: { ${LATER} }
  otp.code: { retry: { ask_after: [1h] } }
`,
    });
    at = new Driver(app, sink);
  });
  afterAll(async () => {
    await at.sink.stop(); // ends the calls that hang
    await at.app.stop();
    await Promise.all([smtp.close(), twilio.close(), gateway.close()]);
  });

  const inDoubt = async (more: object = {}): Promise<string> => at.hook(await at.endpoint('drop'), more);
  const dead = async (): Promise<string> => at.until(await at.hook(await at.endpoint(501)), 'dead');
  /** By the provider that reports, because the other is paused meanwhile. */
  const byGateway = async (): Promise<string> => {
    await at.operate('post', '/v1/admin/providers/texts/pause');
    const id = await at.until(await at.text(), 'sent');
    await at.operate('post', '/v1/admin/providers/texts/resume');
    return id;
  };
  const reported = async (id: string, status: string): Promise<string> => {
    const { provider_message_id } = await at.story(id);
    const callback = genericCallback(secret, {
      provider_message_id,
      status,
      code: '30003',
    });
    await at.app.bare('post', '/v1/callbacks/gateway').set(callback.headers).send(callback.body).expect(204);
    return id;
  };

  const rows: Row[] = [
    [
      'sending',
      async () => at.hook(await at.endpoint('hang')),
      {
        action: 'wait',
        waiting_for: 'provider',
        says: /^Attempt 1: hooks has been called since \d{4}-.+Z by the worker .+ \(process \d+\), whose lease runs until \d{4}-.+Z/,
        can: [],
      },
    ],
    [
      'retrying at its time',
      async () => at.hook(await at.endpoint(500)),
      {
        action: 'retry',
        waiting_for: 'retry_timer',
        at: SOME_TIME,
        says: /^Attempt 1 failed \(http_500\); it is tried again at this time\.$/,
        can: WAITS,
      },
    ],
    [
      'at an endpoint that asked us to wait',
      async () => {
        const endpoint = await at.endpoint({ status: 429, headers: { 'retry-after': '600' } });
        await at.until(await at.hook(endpoint), 'retrying');
        return at.hook(endpoint);
      },
      {
        action: 'send',
        waiting_for: 'rate_limit',
        at: SOME_TIME,
        says: /endpoint is held since \S+: it asked us to wait/,
        can: WAITS,
      },
    ],
    [
      'at an endpoint whose breaker is open',
      async () => {
        const endpoint = await at.endpoint(503);
        await Promise.all(Array.from({ length: 12 }, () => at.hook(endpoint)));
        await waitFor(
          async () => (await at.app.pool.query(`SELECT FROM gates WHERE held_by = 'endpoint'`)).rowCount! > 0,
          { what: 'the breaker' },
        );
        return at.hook(endpoint);
      },
      {
        action: 'send',
        waiting_for: 'endpoint',
        at: SOME_TIME,
        says: /endpoint is held since \S+: its endpoint is down/,
        can: WAITS,
      },
    ],
    [
      'at an endpoint whose rate is used up',
      async () => {
        const endpoint = await at.endpoint(204, { rate_limit: '1/m' });
        await at.until(await at.hook(endpoint), 'delivered');
        return at.hook(endpoint);
      },
      {
        action: 'send',
        waiting_for: 'rate_limit',
        at: SOME_TIME,
        says: /Its endpoint takes .+\/s, and that is used up/,
        can: WAITS,
      },
    ],
    [
      'at an endpoint that is called no more often at once',
      async () => {
        const endpoint = await at.endpoint('hang');
        const before = at.sink.open;
        for (let i = 0; i < 6; i++) await at.hook(endpoint);
        await waitFor(() => at.sink.open >= before + 2, { what: 'two calls' });
        return at.hook(endpoint);
      },
      {
        action: 'send',
        waiting_for: 'endpoint',
        says: /^4 before it are out to its endpoint, which each worker calls 2 at a time/,
        can: WAITS,
      },
    ],
    [
      'at an endpoint that asks for one call at once',
      async () => {
        const endpoint = await at.endpoint('hang', { concurrency: 1 });
        const before = at.sink.open;
        for (let i = 0; i < 6; i++) await at.hook(endpoint);
        await waitFor(() => at.sink.open >= before + 1, { what: 'a call' });
        return at.hook(endpoint);
      },
      {
        action: 'send',
        waiting_for: 'endpoint',
        says: /^2 before it are out to its endpoint, which each worker calls 1 at a time/,
        can: WAITS,
      },
    ],
    [
      'behind one of its ordering key that is in a call',
      async () => {
        const endpoint = await at.endpoint('hang');
        await at.until(await at.hook(endpoint, { ordering_key: 'k' }), 'sending');
        return at.hook(endpoint, { ordering_key: 'k' });
      },
      { action: 'send', waiting_for: 'order', says: /^ntf_\w+ has the same ordering key/, can: WAITS },
    ],
    [
      'in doubt, and repeated',
      () => inDoubt({ on_in_doubt: 'retry' }),
      {
        action: 'retry',
        waiting_for: 'retry_timer',
        at: SOME_TIME,
        says: /Nobody knows whether the last attempt arrived; it is repeated at this time, by hooks only/,
        can: ['retry'],
      },
    ],
    [
      'in doubt, and its provider is asked',
      async () => {
        twilio.onPost('take_and_drop');
        return at.text();
      },
      {
        action: 'wait',
        waiting_for: 'provider',
        at: SOME_TIME,
        says: /at this time the provider is asked/,
        can: ['resolve'],
      },
    ],
    [
      'in doubt, and left to a person',
      () => inDoubt({ on_in_doubt: 'park' }),
      { action: 'review', waiting_for: 'operator', says: /An operator decides/, can: ['resolve'] },
    ],
    [
      'sent, by an operator’s word',
      async () => {
        const id = await at.until(await inDoubt({ on_in_doubt: 'park' }), 'in_doubt');
        await at.operate('post', `/v1/admin/notifications/${id}/resolve`, {
          as: 'sent',
          reason: 'they have it',
        });
        return id;
      },
      { action: 'none', says: /An operator has resolved it as sent/, can: [] },
    ],
    ['sent', () => at.mail(), { action: 'none', says: /^The provider took it\.$/, can: [] }],
    [
      'sent, by a provider that reports',
      byGateway,
      { action: 'wait', waiting_for: 'receipt', says: /will report what became of it/, can: [] },
    ],
    [
      'delivered',
      async () => at.hook(await at.endpoint(204)),
      { action: 'none', says: /^It arrived\.$/, can: [] },
    ],
    [
      'bounced',
      async () => reported(await byGateway(), 'bounced'),
      { action: 'none', says: /reported that it did not arrive \(.+\)/, can: [] },
    ],
    [
      'dead',
      dead,
      {
        action: 'none',
        waiting_for: 'operator',
        says: /It was given up: http_501 \(permanent\)\. An operator sends it again or discards it/,
        can: ['retry'],
      },
    ],
    [
      'discarded',
      async () => {
        const id = await dead();
        await at.operate('post', `/v1/admin/dead-letters/${id}/discard`, { reason: 'nobody wants it' });
        return id;
      },
      { action: 'none', says: /^It is discarded: an operator has closed it unsent\.$/, can: [] },
    ],
    [
      'expired',
      async () => at.hook(await at.endpoint(204, { enabled: false }), { expires_in: '500ms' }),
      { action: 'none', says: /^It is expired: it could not be sent before \d{4}-.+Z \(too_late\)/, can: [] },
    ],
    [
      'cancelled',
      async () => {
        const id = await at.mail({ send_at: '2100-01-01T00:00:00Z' });
        await at.operate('post', `/v1/notifications/${id}/cancel`);
        return id;
      },
      { action: 'none', says: /^It is cancelled: it was taken back while it waited\.$/, can: [] },
    ],
    [
      'suppressed at the door',
      async () => {
        const address = 'gone@example.com';
        await at.operate('post', '/v1/suppressions', {
          channel: 'email',
          address,
          reason: 'manual',
        });
        const { status, body } = await at.app.send({
          type: 'welcome',
          channel: 'email',
          recipient: address,
          business_id: 'suppressed',
          data: { name: 'Ada' },
        });
        expect(status).toBe(202);
        return body.id as string;
      },
      { action: 'none', says: /It is suppressed: somebody here has put the address on the list/, can: [] },
    ],
    [
      'suppressed by what its provider says',
      async () => {
        smtp.script({ at: 'rcpt', do: { reply: '550 5.1.1 no such user' } });
        return at.mail();
      },
      { action: 'none', says: /It is suppressed: the provider refused the address/, can: [] },
    ],
  ];
  it.each(rows)('%s', async (_, arrange, next) => expectNext(at, await arrange(), next), 60_000);
});

/** What an outage leaves over: the ramp is seen by the last of them. */
const BACKLOG = 150;

describe('what is said of one that its provider may not be given now', () => {
  let last: string;
  let at: Driver;
  let smtp: ScriptedSmtp;
  let twilio: ScriptedTwilio;
  beforeAll(async () => {
    const sink = await HookSink.start();
    smtp = await startScriptedSmtp();
    twilio = await startScriptedTwilio();
    const app = await startApp({
      roles: 'api,relay,worker',
      yaml: `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp.url}", ${FROM}, rate: 100/s, retry_budget: { share: 0, minimum: 1 }, breaker: { minimum: 5, reset: 3s } }
  - { name: texts, channel: sms, kind: twilio, base_url: "${twilio.url}", account_sid: AC1, auth_token: none, from: "+15005550006", rate: 1/m }
  - { name: hooks, channel: webhook, kind: http, concurrency: 2, timeout: 60s }
types:
  welcome: { retry: { retries: 20, base: 50ms, factor: 1, slow: [] } }
`,
    });
    at = new Driver(app, sink);
  });
  afterAll(async () => {
    await at.sink.stop();
    await at.app.stop();
    await Promise.all([smtp.close(), twilio.close()]);
  });

  const rows: Row[] = [
    [
      'its rate is used up',
      async () => {
        await at.until(await at.text(), 'sent');
        return at.text();
      },
      {
        action: 'send',
        waiting_for: 'rate_limit',
        at: SOME_TIME,
        says: /The provider texts takes .+\/s, and that is used up/,
        can: WAITS,
      },
    ],
    [
      'its retry budget is used up',
      async () => {
        smtp.script(
          ...Array.from({ length: 3 }, () => ({ at: 'rcpt', do: { reply: '451 4.3.0 not now' } }) as const),
        );
        return at.mail();
      },
      {
        action: 'retry',
        waiting_for: 'budget',
        at: SOME_TIME,
        says: /The retry budget of mail is used up: \d+ of \d+ retries/,
        can: WAITS,
      },
    ],
    [
      'its breaker is open',
      async () => {
        await smtp.close();
        await Promise.all(Array.from({ length: BACKLOG }, () => at.mail()));
        return (last = await at.mail());
      },
      {
        action: 'send',
        waiting_for: 'breaker',
        at: SOME_TIME,
        says: /provider mail is held since \S+: its breaker is open/,
        can: WAITS,
      },
    ],
    [
      'it has just come back, and is given more and more',
      async () => {
        smtp = await startScriptedSmtp({ port: smtp.port });
        return last;
      },
      {
        action: 'send',
        waiting_for: 'rate_limit',
        at: SOME_TIME,
        says: /The provider mail is recovering: .+\/s now/,
        can: WAITS,
      },
    ],
  ];
  it.each(rows)('%s', async (_, arrange, next) => expectNext(at, await arrange(), next), 90_000);
});

describe('what is said when nobody works', () => {
  let service: TestService;
  let sink: HookSink;
  beforeAll(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend: BACKENDS[0]! });
    await service.start('api,relay');
  });
  afterAll(async () => {
    await sink.stop();
    await service.stop();
  });

  const next = async (id: string): Promise<object> =>
    (await service.request('GET', `/v1/notifications/${id}`)).body.next;
  const hook = async (number: number, to: string): Promise<string> =>
    (
      await service.sendAll([
        {
          type: 'order.shipped',
          recipient: 'ada',
          business_id: `o-${number}`,
          channel: 'webhook',
          to,
          on_in_doubt: 'park',
        },
      ])
    )[0]!;

  it('that its hint is in a queue, and no worker lives; that a worker calls, until its lease is over; then that a person decides', async () => {
    const to = await service.createEndpoint(sink.url());
    sink.answer = () => 'hang';
    const id = await hook(1, to);
    await expect
      .poll(() => next(id), { timeout: 20_000 })
      .toEqual({
        action: 'send',
        waiting_for: 'queue',
        reason:
          'A hint is in the queue webhooks.transactional; no worker has shown a sign of life: start a process with the role worker.',
        can: WAITS,
      });
    const worker = await service.start('worker');
    await waitFor(() => sink.open === 1, { what: 'the call' });
    worker.signal('SIGKILL');
    await worker.ended;
    expect(await next(id)).toMatchObject({
      action: 'wait',
      waiting_for: 'provider',
      reason: expect.stringMatching(`process ${worker.child.pid}\\), whose lease runs until`),
      can: [],
    });
    await expect
      .poll(() => next(id), { timeout: 40_000, interval: 500 })
      .toMatchObject({ action: 'review', can: ['resolve'] });
    const { rows } = await service.pool.query(`SELECT code FROM attempts WHERE notification_id = $1`, [
      fromPublicId('notification', id),
    ]);
    expect(rows).toEqual([{ code: 'worker_lost' }]);
  }, 90_000);
});
