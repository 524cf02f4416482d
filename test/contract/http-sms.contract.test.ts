import { beforeEach, describe, expect, it } from 'vitest';

import type { Call, Parcel, SmsContent } from '../../src/channels/channel.js';
import { httpSmsKind } from '../../src/channels/sms/providers/http/http-sms.kind.js';
import { closingAfterEach } from '../support/closing.js';
import { providerConfig } from '../support/provider-config.js';
import {
  type CaughtRequest,
  type ScriptedHttp,
  startScriptedHttp,
  type Turn,
} from '../support/scripted-http.js';
import { describeProviderContract, type Fault, type ProviderRig } from './provider-contract.js';

const TO = '+15551234567';
const TEXT = 'Your code is 123456';
const TOKEN = 'a.very+secret/token';
const QUERY_KEY = 'query key';
/** What no call meets that is answered, however busy the machine is; and what is waited for where none comes. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 1_000;

const json = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Exclude<Turn, string> => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

const taken = (_request: CaughtRequest, count: number) =>
  json(202, { messages: [{ 'message-id': `msg-${count}`, to: TO }] });

const refusal = (status: number, message: string, headers?: Record<string, string>) =>
  json(status, { error: { text: message }, request: { to: TO, text: TEXT } }, headers);

/** The refusals quote whatever could be quoted. */
const TURN_OF: Partial<Record<Fault, Turn>> = {
  reject: refusal(400, `No route to 1 (555) 123-4567 for "${TEXT}"`),
  configuration: refusal(401, `Bearer ${TOKEN} and ${QUERY_KEY} are wrong, ${TOKEN}`),
  throttle: refusal(429, `Too many requests by ${TOKEN}`, { 'retry-after': '7' }),
  drop_after_body: 'drop',
  hang_after_body: 'hang',
  garbage: { raw: 'SSH-2.0-OpenSSH_9\r\n\r\n' },
};

const parcelOf = (id: string, text = TEXT): Parcel<SmsContent> => ({
  id,
  key: `${id}.3f9a`,
  type: 'otp.code',
  to: TO,
  attempt: 1,
  content: { kind: 'sms', text, segments: 1 },
});

const JSON_BODY =
  '{ "from": {{ from | json }}, "to": "{{ to }}", "text": {{ text | json }}, "ref": "{{ id }}" }';
const FORM_BODY = `
  from={{ from }}
  &to={{ to | remove: "+" }}
  &text={{ text }}
  &ref={{ id }}
`;

function createProvider(url: string, options: Record<string, unknown> = {}, timeoutMs = PATIENT_MS) {
  const own = {
    url: `${url}/sms?key=${encodeURIComponent(QUERY_KEY)}`,
    headers: { Authorization: `Bearer ${TOKEN}` },
    body: JSON_BODY,
    from: 'Acme "Shop"',
    message_id_path: '/messages/0/message-id',
    error_path: '/error/text',
    ...options,
  };
  return httpSmsKind.create(providerConfig('sms', 'http-sms', own, { timeoutMs }));
}

const startRig =
  (options: Record<string, unknown>) =>
  async (timeoutMs: number): Promise<ProviderRig<SmsContent>> => {
    const server = await startScriptedHttp({ healthy: taken });
    return {
      provider: createProvider(server.url, options, timeoutMs),
      unreachable: () => createProvider('http://127.0.0.1:1', options),
      parcel: (id) => parcelOf(id),
      script: (fault) => server.script(TURN_OF[fault]!),
      arrived: () => server.messages.length,
      openConnections: () => server.openConnections,
      secrets: [TO, '5551234567', '123-4567', TOKEN, QUERY_KEY, TEXT],
      close: () => server.close(),
    };
  };

describe.each([
  ['http-sms', {}],
  [
    'http-sms of an idempotent provider, by form',
    { is_idempotent: true, content_type: 'form', body: FORM_BODY },
  ],
])('%s', (name, options) => {
  describeProviderContract(name, {
    start: startRig(options),
    faults: {
      reject: true,
      suppress: false, // a status cannot tell a number that takes nothing from a text that is refused
      configuration: true,
      defer: false, // nor a text that is put off from a provider that puts off all
      throttle: true,
      hang_before_body: false, // over plain HTTP a request leaves at once
      drop_before_body: false,
      drop_after_body: true,
      hang_after_body: true,
      garbage: true,
    },
  });
});

describe('http-sms, besides the contract', () => {
  let server: ScriptedHttp;
  const call: Call = { signal: new AbortController().signal, now: () => new Date('2026-11-22T09:00:00Z') };
  const closing = closingAfterEach();

  beforeEach(async () => {
    server = closing(await startScriptedHttp({ healthy: taken }));
  });

  const start = (...args: Parameters<typeof createProvider>) => closing(createProvider(...args));

  const HOSTILE = [
    '"}, "to": "+1", "x": "',
    '\\',
    '&to=1;a=b%00+',
    '{{ id }}{% raw %}',
    '\u2028\u0000\n\t',
    '€😀\ud800',
  ];

  it.each(HOSTILE)('carries %j as a value of JSON, whatever it looks like', async (text) => {
    const provider = start(server.url, { headers: {}, id_header: 'Idempotency-Key' });
    expect(await provider.send(parcelOf('ntf_a', text), call)).toMatchObject({
      kind: 'taken',
      code: '202',
      providerMessageId: 'msg-1',
    });
    const [request] = server.messages;
    expect(request).toMatchObject({ method: 'POST', path: '/sms?key=query%20key' });
    expect(request!.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'ntf_a.3f9a',
    });
    expect(request!.headers['user-agent']).toMatch(/^Posthaste\/\d/);
    expect(JSON.parse(request!.body)).toEqual({ from: 'Acme "Shop"', to: TO, text, ref: 'ntf_a' });
  });

  it.each(HOSTILE)('carries %j as a field of a form, whatever it looks like', async (text) => {
    const provider = start(server.url, { content_type: 'form', body: FORM_BODY, method: 'PUT' });
    expect(await provider.send(parcelOf('ntf_a', text), call)).toMatchObject({ kind: 'taken' });
    const [request] = server.messages;
    expect(request!.method).toBe('PUT');
    expect(request!.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([...new URLSearchParams(request!.body)]).toEqual([
      ['from', 'Acme "Shop"'],
      ['to', '15551234567'],
      ['text', text.replace(/\ud800$/, '\ufffd')],
      ['ref', 'ntf_a'],
    ]);
  });

  it('sends the same bytes on a later attempt', async () => {
    const provider = start(server.url);
    await provider.send(parcelOf('ntf_a'), call);
    await provider.send({ ...parcelOf('ntf_a'), attempt: 2 }, { ...call, now: () => new Date() });
    expect(server.messages[1]!.body).toBe(server.messages[0]!.body);
  });

  it('takes its trace along, unless the configuration has a word on that header', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const headers = { traceparent: 'of-our-own' };
    await start(server.url).send(parcelOf('ntf_a'), { ...call, traceparent });
    await start(server.url, { headers }).send(parcelOf('ntf_a'), { ...call, traceparent });
    await start(server.url).send(parcelOf('ntf_a'), call);
    const sent = server.messages.map((message) => message.headers['traceparent']);
    expect(sent).toEqual([traceparent, 'of-our-own', undefined]);
  });

  it('sends nothing when the text meets a branch of the template that is no JSON', async () => {
    const body =
      '{"to": "{{ to }}", "text": {% if text contains "€" %}{{ text }}{% else %}"{{ text }}"{% endif %}}';
    const outcome = await start(server.url, { body }).send(parcelOf('ntf_a', 'Costs 5 €'), call);
    expect(outcome).toMatchObject({ kind: 'not_sent', class: 'internal', code: 'body_template' });
    expect(JSON.stringify(outcome)).not.toContain('5 €');
    expect(server.messages).toHaveLength(0);
  });

  const page = '<html>Bad gateway</html>';
  it.each<[string, Turn, Record<string, unknown>, object]>([
    [
      '200 without the id that was promised',
      json(200, {}),
      {},
      { kind: 'in_doubt', code: 'answer_unparsable' },
    ],
    [
      '200 with an error inside',
      refusal(200, 'No credit'),
      {},
      { kind: 'in_doubt', code: 'answer_unparsable' },
    ],
    ['200 with a page', { status: 200, body: page }, {}, { kind: 'in_doubt', code: 'answer_unparsable' }],
    [
      '200 with an id that is none',
      json(200, { messages: [{ 'message-id': 'a b\u0000' }] }),
      {},
      { kind: 'in_doubt' },
    ],
    [
      '200 with a number for an id',
      json(200, [{ id: 4_711 }]),
      { message_id_path: '/0/id' },
      { kind: 'taken', providerMessageId: '4711' },
    ],
    [
      '200 with a page, where no id is expected',
      { status: 200, body: page },
      { message_id_path: undefined },
      { kind: 'taken', code: '200' },
    ],
    [
      'a 2xx that is not the success',
      json(200, {}),
      { success_status: [202] },
      { kind: 'in_doubt', code: 'http_200' },
    ],
    [
      'a status that was listed as throttling',
      refusal(503, 'Slow down', { 'retry-after': '7' }),
      { throttle_status: [429, 503] },
      { kind: 'deferred', class: 'throttled', retryAfterMs: 7_000 },
    ],
    [
      'a status that was listed as refusal',
      refusal(404, 'No such number'),
      { reject_status: [404] },
      { kind: 'rejected', class: 'permanent', detail: 'The provider answered 404. No such number' },
    ],
    [
      'words that were not asked for',
      refusal(400, 'No such number'),
      { error_path: undefined },
      { kind: 'rejected', detail: 'The provider answered 400.' },
    ],
    ['500', refusal(500, 'Oops'), {}, { kind: 'in_doubt', scope: 'provider', code: 'http_500' }],
    [
      '500 of an idempotent provider',
      refusal(500, 'Oops'),
      { is_idempotent: true },
      { kind: 'deferred', class: 'retry', scope: 'provider', isPinned: true },
    ],
    ['402, of which nobody said anything', refusal(402, 'Pay'), {}, { kind: 'in_doubt', code: 'http_402' }],
    ['404 of a wrong URL', { status: 404, body: page }, {}, { kind: 'rejected', class: 'configuration' }],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      {},
      { kind: 'rejected', class: 'configuration' },
    ],
    [
      'an answer beyond 64 KB',
      json(200, { x: 'x'.repeat(70_000) }),
      {},
      { kind: 'in_doubt', code: 'answer_too_large' },
    ],
    [
      'a trickling answer',
      { trickle: `{"x":"${'x'.repeat(200)}"}`, everyMs: 50 },
      {},
      { kind: 'in_doubt', code: 'answer_timeout' },
    ],
  ])('%s', async (_name, turn, options, expected) => {
    server.script(turn);
    expect(await start(server.url, options, IMPATIENT_MS).send(parcelOf('ntf_a'), call)).toMatchObject(
      expected,
    );
    expect(server.messages).toHaveLength(1);
  });
});
