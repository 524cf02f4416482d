import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../support/app.js';
import {
  type CaughtRequest,
  type ScriptedHttp,
  startScriptedHttp,
  type Turn,
} from '../support/scripted-http.js';
import { waitFor } from '../support/wait-for.js';

const QUICK = 'retry: { retries: 5, base: 20ms, factor: 1.5, slow: [] }';
const yaml = (resend: string, gateway: string) => `
providers:
  - { name: resend, channel: email, kind: resend, api_key: re_key, base_url: "${resend}", from: "Acme <a@acme.example>", timeout: 1s }
  - name: gateway
    channel: sms
    kind: http-sms
    url: "${gateway}/sms"
    body: '{ "to": {{ to | json }}, "text": {{ text | json }}, "reference": {{ id | json }} }'
    message_id_path: /id
    is_idempotent: true
    timeout: 1s
types:
  welcome: { channel: email, on_in_doubt: retry, ${QUICK} }
  otp.code: { channel: sms, on_in_doubt: park, ${QUICK} }
`;

/** Sends what it does not know yet; to a key it knows it gives the same id again. */
class KeyedSink {
  readonly sent = new Map<string, string>();

  readonly answer = (key: string): Exclude<Turn, string> => {
    const id = this.sent.get(key) ?? `msg-${this.sent.size + 1}`;
    this.sent.set(key, id);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) };
  };
}

const keyOfMail = ({ headers }: CaughtRequest): string => String(headers['idempotency-key']);
const keyOfText = ({ body }: CaughtRequest): string => (JSON.parse(body) as { reference: string }).reference;

describe('a provider that recognises a repetition', () => {
  let app: TestApp;
  let resend: ScriptedHttp;
  let gateway: ScriptedHttp;
  const mails = new KeyedSink();
  const texts = new KeyedSink();

  beforeAll(async () => {
    resend = await startScriptedHttp({ healthy: (request) => mails.answer(keyOfMail(request)) });
    gateway = await startScriptedHttp({ healthy: (request) => texts.answer(keyOfText(request)) });
    app = await startApp({ roles: 'api,relay,worker', yaml: yaml(resend.url, gateway.url) });
  });

  afterAll(async () => {
    await app.stop();
    await Promise.all([resend.close(), gateway.close()]);
  });

  const settled = async (notification: object) => {
    const { status, body } = await app.send(notification);
    expect(status, JSON.stringify(body)).toBe(202);
    return waitFor(
      async () => {
        const { body: story } = await app.request('get', `/v1/notifications/${body.id}`);
        return ['sent', 'in_doubt', 'dead'].includes(story.status as string) ? story : undefined;
      },
      { what: `the end of ${body.id}` },
    );
  };

  it('gets mail in doubt again under the same key, with the same bytes, and makes one mail', async () => {
    resend.script('drop', { status: 500, body: '{"name":"application_error","message":"Oops"}' });
    const story = await settled({
      type: 'welcome',
      recipient: 'ada@example.com',
      business_id: 'w-1',
      data: { name: 'Ada', start_url: 'https://acme.example/start' },
    });
    expect(story).toMatchObject({
      status: 'sent',
      provider: 'resend',
      provider_message_id: 'msg-1',
      attempts: 3,
    });
    expect([...mails.sent.keys()]).toEqual([
      expect.stringMatching(new RegExp(`^${story.id}\\.[0-9a-f]{12}$`)),
    ]);
    expect(new Set(resend.messages.map(keyOfMail))).toEqual(new Set(mails.sent.keys()));
    expect(new Set(resend.messages.map(({ body }) => body)).size).toBe(1);
  });

  it('gets a text again after a 500, though texts in doubt are parked, and makes one text', async () => {
    gateway.script({ status: 500 });
    const story = await settled({
      type: 'otp.code',
      recipient: '+15551234567',
      business_id: 'o-1',
      data: { code: '123456', valid_minutes: 10 },
    });
    expect(story).toMatchObject({
      status: 'sent',
      provider: 'gateway',
      provider_message_id: 'msg-1',
      attempts: 2,
    });
    expect(gateway.messages.map(keyOfText)).toEqual([story.id, story.id]);
    expect(JSON.stringify(story.history)).not.toContain('123456');
  });

  it('is not asked again when the answer to a text is lost', async () => {
    const before = gateway.messages.length;
    gateway.script('drop');
    const story = await settled({
      type: 'otp.code',
      recipient: '+15551234567',
      business_id: 'o-2',
      data: { code: '654321', valid_minutes: 10 },
    });
    expect(story).toMatchObject({ status: 'in_doubt' });
    expect(gateway.messages).toHaveLength(before + 1);
  });
});
