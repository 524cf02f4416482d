import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../support/app.js';
import { genericCallback, genericSecret, twilioCallback } from '../support/callbacks.js';
import {
  type CaughtRequest,
  type ScriptedHttp,
  startScriptedHttp,
  type Turn,
} from '../support/scripted-http.js';
import { waitFor } from '../support/wait-for.js';

const TOKEN = 'a.very+secret/token';
const SECRET = genericSecret();
const PUBLIC_URL = 'https://notify.acme.example';
const json = (status: number, body: object): Exclude<Turn, string> => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const yaml = (twilio: string, gateway: string) => `
providers:
  - { name: twilio, channel: sms, kind: twilio, base_url: "${twilio}", account_sid: AC1, auth_token: "${TOKEN}", from: "+15005550006", timeout: 5s }
  - name: gateway
    channel: sms
    kind: http-sms
    priority: 2
    url: "${gateway}/sms"
    body: '{ "to": {{ to | json }}, "text": {{ text | json }} }'
    message_id_path: /id
    timeout: 5s
    callbacks: { kind: generic, secret: "${SECRET}" }
types:
  otp.code: { channel: sms, on_in_doubt: park, retry: { retries: 3, base: 20ms, factor: 1, slow: [] } }
`;

/** Workers, relay and upkeep as they run; the providers on the wire call back. */
describe('a provider that calls back', () => {
  let app: TestApp;
  let twilio: ScriptedHttp;
  let gateway: ScriptedHttp;
  beforeAll(async () => {
    twilio = await startScriptedHttp({
      healthy: (_, count) => json(201, { sid: `SM${count}`, status: 'queued' }),
    });
    gateway = await startScriptedHttp({ healthy: (_, count) => json(200, { id: `gw-${count}` }) });
    app = await startApp({
      roles: 'api,relay,worker',
      yaml: yaml(twilio.url, gateway.url),
      env: { PUBLIC_URL },
    });
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([twilio.close(), gateway.close()]);
  });

  const send = async (businessId: string, more: object = {}): Promise<string> => {
    const { status, body } = await app.send({
      type: 'otp.code',
      recipient: '+15551234567',
      business_id: businessId,
      data: { code: '123456', valid_minutes: 10 },
      ...more,
    });
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id as string;
  };
  const story = async (id: string) => (await app.request('get', `/v1/notifications/${id}`)).body;
  const until = (id: string, status: string) =>
    waitFor(
      async () => {
        const told = await story(id);
        return told.status === status ? told : undefined;
      },
      { what: `${id} ${status}` },
    );
  const callOf = (id: string): CaughtRequest | undefined =>
    twilio.messages.find(({ body }) => new URLSearchParams(body).get('StatusCallback')?.includes(id));
  /** As Twilio does: to the URL that came with the call. */
  const statusOf = async (
    id: string,
    MessageStatus: string,
    more: Record<string, string> = {},
  ): Promise<number> => {
    const called = await waitFor(async () => callOf(id), { what: 'the call to Twilio' });
    const url = new URLSearchParams(called.body).get('StatusCallback')!;
    expect(url).toBe(`${PUBLIC_URL}/v1/callbacks/twilio?notification_id=${id}`);
    const { body, headers } = twilioCallback(TOKEN, url, { MessageSid: `SM-${id}`, MessageStatus, ...more });
    const path = url.slice(PUBLIC_URL.length);
    return (await app.bare('post', path).set(headers).send(body)).status;
  };

  it('ends the doubt about a text whose answer was lost, and nobody sends it twice', async () => {
    twilio.script('drop');
    const id = await send('lost-answer');
    await until(id, 'in_doubt');
    expect(await statusOf(id, 'sent')).toBe(204);
    expect(await story(id)).toMatchObject({ status: 'sent', provider_message_id: `SM-${id}` });
    expect(await statusOf(id, 'delivered')).toBe(204);
    const told = await until(id, 'delivered');
    expect(
      told.history.map(({ event, receipt }: { event: string; receipt?: string }) => receipt ?? event),
    ).toEqual(['accepted', 'attempt', 'sent', 'delivered']);
    expect(twilio.messages.filter(({ body }) => body.includes(id))).toHaveLength(1);
  });

  it('ends it also as bounced, with the reason of its carrier', async () => {
    twilio.script('drop');
    const id = await send('lost-and-bounced');
    await until(id, 'in_doubt');
    expect(await statusOf(id, 'undelivered', { ErrorCode: '30003' })).toBe(204);
    expect((await until(id, 'bounced')).history.at(-1)).toMatchObject({
      code: 'twilio_30003',
      class: 'slow',
    });
  });

  it('takes away the retry that an operator’s policy has planned after a doubt', async () => {
    await app.restart({
      yaml: yaml(twilio.url, gateway.url).replace(
        'on_in_doubt: park, retry: { retries: 3, base: 20ms',
        'on_in_doubt: retry, retry: { ask_after: [], retries: 3, base: 10m',
      ),
      env: { PUBLIC_URL },
    });
    twilio.script('drop');
    const id = await send('retry-planned');
    expect((await until(id, 'retrying')).next).toMatchObject({ waiting_for: 'retry_timer' });
    expect(await statusOf(id, 'delivered')).toBe(204);
    expect(await story(id)).toMatchObject({
      status: 'delivered',
      next: { action: 'none' },
      next_attempt_at: null,
    });
    expect(twilio.messages.filter(({ body }) => body.includes(id))).toHaveLength(1);
  });

  it('is heard although it calls back before it has answered', async () => {
    twilio.script('hang');
    const id = await send('before-the-answer');
    await waitFor(async () => callOf(id), { what: 'the call to Twilio' });
    expect(await statusOf(id, 'delivered')).toBe(204);
    expect(await story(id)).toMatchObject({ status: 'sending' });
    twilio.hangUp(); // the answer is lost; the outcome that is recorded now is a doubt
    const told = await until(id, 'delivered');
    expect(told.attempts).toBe(1);
  });

  it('is understood by the id that its answer gave, in the generic form', async () => {
    await app
      .request('post', '/v1/admin/providers/twilio/pause')
      .send({ reason: 'let the other one send' })
      .expect(200);
    const id = await send('by-its-own-id');
    const sent = await until(id, 'sent');
    expect(sent).toMatchObject({ provider: 'gateway', next: { waiting_for: 'receipt' } });
    const { body, headers } = genericCallback(SECRET, {
      provider_message_id: sent.provider_message_id,
      status: 'delivered',
    });
    await app.bare('post', '/v1/callbacks/gateway').set(headers).send(body).expect(204);
    expect(await story(id)).toMatchObject({ status: 'delivered' });
  });
});
