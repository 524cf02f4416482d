import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { NO_BUDGET } from '../support/no-budget.js';
import { HookSink } from '../support/hook-sink.js';
import { type ScriptedHttp, startScriptedHttp } from '../support/scripted-http.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const QUICK = 'retry: { retries: 5, base: 20ms, factor: 1.5, jitter: 0.2, slow: [] }';
const yaml = (smtp: string, twilio: string) => `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp}", from: "Acme <no-reply@acme.example>", timeout: 2s, answer_timeout: 1s }
  - { name: texts, channel: sms, kind: twilio, account_sid: "AC00000000000000000000000000000001", auth_token: secret-token, base_url: "${twilio}", from: "+15005550006", timeout: 1s }
  - { name: hooks, channel: webhook, kind: http, timeout: 1s, breaker: { minimum: 1000 }, ${NO_BUDGET} }
types:
  order.placed: { ${QUICK} }
  welcome: { channel: email, ${QUICK} }
  otp.code: { channel: sms, retry: { retries: 5, ask_after: [] } }
`;

describe.each(BACKENDS)('from accept to the provider (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  let smtp: ScriptedSmtp;
  let twilio: ScriptedHttp;
  let endpoint: string;
  let number = 0;

  beforeAll(async () => {
    sink = await HookSink.start();
    smtp = await startScriptedSmtp();
    twilio = await startScriptedHttp({
      healthy: (_, count) => ({
        status: 201,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sid: `SM${String(count).padStart(32, '0')}`, status: 'queued' }),
      }),
    });
    service = await TestService.create({ backend, yaml: yaml(smtp.url, twilio.url) });
    await service.start();
    endpoint = await service.createEndpoint(sink.url());
  }, 60_000);

  afterAll(async () => {
    await service.stop();
    await Promise.all([sink.stop(), smtp.close(), twilio.close()]);
  });

  beforeEach(() => {
    sink.answer = () => 204;
    sink.arrivals.length = 0;
  });

  afterEach(() => {
    sink.delayMs = 0;
  });

  const send = async (more: object) => {
    const { status, body } = await service.request('POST', '/v1/notifications', {
      type: 'order.placed',
      recipient: 'ada@example.com',
      business_id: `b-${++number}`,
      ...more,
    });
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id as string;
  };
  const hook = (more: object = {}) =>
    send({ channel: 'webhook', to: endpoint, data: { n: number }, ...more });
  const story = async (id: string) => (await service.request('GET', `/v1/notifications/${id}`)).body;
  const reaches = (id: string, status: string) =>
    waitFor(
      async () => {
        const now = await story(id);
        return now.status === status ? now : undefined;
      },
      { what: `${id} ${status}` },
    );
  const attemptsOf = (told: any) =>
    told.history.filter((entry: { event: string }) => entry.event === 'attempt');

  it('delivers a webhook that the official library verifies, and knows that it arrived', async () => {
    const { body } = await service.request('GET', `/v1/endpoints/${endpoint}/secret`);
    const id = await hook({ data: { order: 7, name: 'Grüße 🎉' } });
    const told = await reaches(id, 'delivered');
    const [arrival] = sink.arrivals;
    expect(
      new Webhook(body.secret).verify(arrival!.body, arrival!.headers as Record<string, string>),
    ).toEqual({
      type: 'order.placed',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { order: 7, name: 'Grüße 🎉' },
    });
    expect(arrival!.id).toBe(id);
    expect(told).toMatchObject({ attempts: 1, max_attempts: 6, provider: 'hooks', next: { action: 'none' } });
  });

  it('sends a mail with text and HTML under a Message-ID of its own', async () => {
    const id = await send({ type: 'welcome', to: 'ada@EXAMPLE.com', data: { name: 'Ada' } });
    expect(await reaches(id, 'sent')).toMatchObject({ to: 'ada@example.com', provider: 'mail' });
    const raw = smtp.messages.at(-1)!.raw.toString();
    expect(raw).toMatch(new RegExp(`^Message-ID: <${id}\\.[0-9a-f]{12}@acme\\.example>`, 'm'));
    expect(raw).toContain('text/plain');
    expect(raw).toContain('text/html');
  });

  it('sends a text, and keeps the id that the provider gave it', async () => {
    const id = await send({ type: 'otp.code', to: '+14155550100', data: { code: '123456' } });
    const told = await reaches(id, 'sent');
    expect(told.provider_message_id).toMatch(/^SM0+\d+$/);
    expect(new URLSearchParams(twilio.messages.at(-1)!.body).get('Body')).toContain('123456');
  });

  it('tries again with the same id and the same bytes until it is taken', async () => {
    sink.answer = (_, times) => (times < 3 ? 500 : 204);
    const id = await hook();
    const told = await reaches(id, 'delivered');
    expect(attemptsOf(told).map((one: any) => one.outcome)).toEqual(['deferred', 'deferred', 'taken']);
    expect(new Set(sink.arrivals.map((arrival) => arrival.id))).toEqual(new Set([id]));
    expect(new Set(sink.arrivals.map((arrival) => arrival.body)).size).toBe(1);
  });

  it('gives up after the call and five retries, and keeps every attempt', async () => {
    sink.answer = () => 500;
    const id = await hook();
    const told = await reaches(id, 'dead');
    expect(attemptsOf(told)).toHaveLength(6);
    expect(sink.times.get(id)).toBe(6);
    expect(told.next).toMatchObject({ action: 'none', waiting_for: 'operator' });
    const { body } = await service.request('GET', '/v1/notifications?status=dead');
    expect(body.items.map((item: { id: string }) => item.id)).toContain(id);
  });

  it('gives up at once what the provider refuses for good', async () => {
    sink.answer = () => 410;
    const leaving = await service.createEndpoint(sink.url()); // it is disabled from then on
    const told = await reaches(await hook({ to: leaving }), 'dead');
    expect(attemptsOf(told)).toHaveLength(1);
  });

  it('parks a text whose answer never came where nobody can be asked, and sends it to nobody else', async () => {
    twilio.script('drop');
    const before = twilio.messages.length;
    const id = await send({ type: 'otp.code', to: '+14155550101', data: { code: '123456' } });
    const told = await reaches(id, 'in_doubt');
    expect(told.next).toMatchObject({ action: 'review', waiting_for: 'operator' });
    expect(twilio.messages.length - before).toBe(1);
  });

  it('tries a webhook again whose answer never came, under the same id', async () => {
    sink.answer = (_, times) => (times === 1 ? 'drop' : 204);
    const id = await hook();
    const told = await reaches(id, 'delivered');
    expect(attemptsOf(told).map((one: any) => one.outcome)).toEqual(['in_doubt', 'taken']);
    expect(sink.times.get(id)).toBe(2);
  });

  it('waits for send_at, and says so', async () => {
    const at = new Date(Date.now() + 1_500);
    const id = await hook({ send_at: at.toISOString() });
    expect(await story(id)).toMatchObject({
      status: 'scheduled',
      next: { action: 'send', waiting_for: 'schedule', at: at.toISOString() },
    });
    await reaches(id, 'delivered');
    expect(sink.arrivals.find((arrival) => arrival.id === id)!.at).toBeGreaterThanOrEqual(at.getTime() - 50);
  });

  it('cancels what waits, once and for all', async () => {
    const id = await hook({ send_at: new Date(Date.now() + 60_000).toISOString() });
    expect((await service.request('POST', `/v1/notifications/${id}/cancel`)).body.status).toBe('cancelled');
    expect((await service.request('POST', `/v1/notifications/${id}/cancel`)).status).toBe(200);
    const done = await hook();
    await reaches(done, 'delivered');
    expect((await service.request('POST', `/v1/notifications/${done}/cancel`)).body.code).toBe('wrong_state');
  });

  it('expires what could not be sent in time', async () => {
    sink.answer = () => 500;
    const id = await hook({ type: 'order.late', expires_in: '1500ms' });
    const told = await reaches(id, 'expired');
    expect(attemptsOf(told).length).toBeLessThan(6);
  });

  it('keeps the order of a key, also when the first fails', async () => {
    sink.answer = ({ body }, times) => (JSON.parse(body).data.i === 0 && times < 3 ? 500 : 204);
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) ids.push(await hook({ ordering_key: `key-${backend}`, data: { i } }));
    await reaches(ids[9]!, 'delivered');
    const taken = sink.arrivals.map((arrival) => JSON.parse(arrival.body).data.i);
    expect(taken).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('keeps addresses and secrets out of what it writes', () => {
    const written = [...service.processes].map((one) => one.output()).join('');
    expect(written).toContain('delivery.attempted');
    for (const secret of [
      'ada@',
      '+1415',
      'secret-token',
      'Grüße',
      service.apiKey.replace(/^ph_[^_]+_/, ''),
    ]) {
      expect(written).not.toContain(secret);
    }
  });
});
