import { beforeEach, describe, expect, it } from 'vitest';

import type { Call, EmailContent, Parcel } from '../../src/channels/channel.js';
import { QUOTA_WAIT_MS } from '../../src/channels/email/providers/resend/resend-answer.js';
import { resendKind } from '../../src/channels/email/providers/resend/resend.kind.js';
import { closingAfterEach } from '../support/closing.js';
import { providerConfig } from '../support/provider-config.js';
import {
  type CaughtRequest,
  type ScriptedHttp,
  startScriptedHttp,
  type Turn,
} from '../support/scripted-http.js';
import { describeProviderContract, type Fault, type ProviderRig } from './provider-contract.js';

const TO = 'ada.lovelace@example.com';
const KEY = 're_a.very+secret/key';
/** What no call meets that is answered, however busy the machine is; and what is waited for where none comes. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 1_000;

const json = (status: number, body: object, headers: Record<string, string> = {}): Exclude<Turn, string> => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

const refusal = (status: number, name: string, message: string, headers?: Record<string, string>) =>
  json(status, { statusCode: status, name, message }, headers);

/** As Resend keeps keys: the same bytes are answered with the first one's id, other bytes are refused. */
function resendLike(): (request: CaughtRequest) => Exclude<Turn, string> {
  const known = new Map<string, { id: string; body: string }>();
  return ({ headers, body }) => {
    const key = String(headers['idempotency-key']);
    const first = known.get(key) ?? {
      id: `49a3999c-0ce1-4ea6-ab68-${String(known.size).padStart(12, '0')}`,
      body,
    };
    known.set(key, first);
    return first.body === body
      ? json(200, { id: first.id })
      : refusal(409, 'invalid_idempotent_request', `Same key, other body for ${TO}`);
  };
}

/** The refusals quote what could be quoted: the recipient, and here also our key. */
const TURN_OF: Partial<Record<Fault, Turn>> = {
  reject: refusal(422, 'validation_error', `The mail to ${TO} has no subject`),
  suppress: refusal(422, 'validation_error', `Invalid \`to\` field. ${TO} does not follow the format`),
  configuration: refusal(403, 'invalid_api_key', `API key ${KEY} is invalid`),
  defer: refusal(409, 'concurrent_idempotent_requests', `A request for ada.lovelace is in progress`),
  throttle: refusal(429, 'rate_limit_exceeded', 'Too many requests', { 'ratelimit-reset': '1' }),
  drop_after_body: 'drop',
  hang_after_body: 'hang',
  garbage: { raw: 'SSH-2.0-OpenSSH_9\r\n\r\n' },
};

const parcelOf = (id: string, content: Partial<EmailContent> = {}): Parcel<EmailContent> => ({
  id,
  key: `${id}.3f9a`,
  type: 'welcome',
  to: TO,
  attempt: 1,
  content: { kind: 'email', subject: 'Grüße', html: '<p>Hello</p>', text: 'Hello\n', ...content },
});

function createProvider(baseUrl: string, options: Record<string, unknown> = {}, timeoutMs = PATIENT_MS) {
  const own = { api_key: KEY, from: 'Acme <no-reply@acme.example>', base_url: baseUrl, ...options };
  return resendKind.create(providerConfig('email', 'resend', own, { timeoutMs }));
}

async function startRig(timeoutMs: number): Promise<ProviderRig<EmailContent>> {
  const server = await startScriptedHttp({ healthy: resendLike() });
  return {
    provider: createProvider(server.url, {}, timeoutMs),
    unreachable: () => createProvider('http://127.0.0.1:1'),
    parcel: (id) => parcelOf(id),
    script: (fault) => server.script(TURN_OF[fault]!),
    arrived: () => server.messages.length,
    openConnections: () => server.openConnections,
    secrets: [TO, 'ada.lovelace', KEY],
    close: () => server.close(),
  };
}

describeProviderContract('resend', {
  start: startRig,
  faults: {
    reject: true,
    suppress: true,
    configuration: true,
    defer: true,
    throttle: true,
    hang_before_body: false, // over plain HTTP a request leaves at once
    drop_before_body: false,
    drop_after_body: true,
    hang_after_body: true,
    garbage: true,
  },
});

describe('resend, besides the contract', () => {
  let server: ScriptedHttp;
  const call: Call = { signal: new AbortController().signal, now: () => new Date('2026-11-22T09:00:00Z') };
  const closing = closingAfterEach();

  beforeEach(async () => {
    server = closing(await startScriptedHttp({ healthy: resendLike() }));
  });

  const start = (...args: Parameters<typeof createProvider>) => closing(createProvider(...args));

  it('posts the JSON Resend documents, with key, idempotency key and user agent', async () => {
    await start(`${server.url}/proxy/`, { from: '"Acme, Inc." <no-reply@acme.example>' }).send(
      parcelOf('ntf_a'),
      call,
    );
    const [request] = server.messages;
    expect(request).toMatchObject({ method: 'POST', path: '/proxy/emails' });
    expect(request!.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      'idempotency-key': 'ntf_a.3f9a',
    });
    expect(request!.headers['user-agent']).toMatch(/^Posthaste\/\d/);
    expect(JSON.parse(request!.body)).toEqual({
      from: '"Acme, Inc." <no-reply@acme.example>',
      to: [TO],
      subject: 'Grüße',
      html: '<p>Hello</p>',
      text: 'Hello\n',
      headers: { 'Message-ID': '<ntf_a.3f9a@acme.example>', 'Auto-Submitted': 'auto-generated' },
    });
  });

  it.each([
    ['no-reply@acme.example', 'no-reply@acme.example'],
    ['Grüße GmbH <no-reply@acme.example>', 'Grüße GmbH <no-reply@acme.example>'],
    ['Acme \\ Co <no-reply@acme.example>', '"Acme \\\\ Co" <no-reply@acme.example>'],
  ])('is from %s', async (from, expected) => {
    await start(server.url, { from }).send(parcelOf('ntf_a'), call);
    expect(JSON.parse(server.messages[0]!.body)).toMatchObject({ from: expected });
  });

  it('leaves out the HTML of a mail that has none', async () => {
    const { html: _, ...content } = parcelOf('ntf_a').content;
    await start(server.url).send({ ...parcelOf('ntf_a'), content }, call);
    expect(JSON.parse(server.messages[0]!.body)).not.toHaveProperty('html');
  });

  it('hands the way out of bulk mail on as headers', async () => {
    const parcel = parcelOf('ntf_a');
    const unsubscribeUrl = 'https://notify.example/v1/unsubscribe/token';
    await start(server.url).send({ ...parcel, content: { ...parcel.content, unsubscribeUrl } }, call);
    expect(JSON.parse(server.messages[0]!.body).headers).toMatchObject({
      'List-Unsubscribe': `<${unsubscribeUrl}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
  });

  it('sends the same bytes under the same key on a later attempt, which makes no second mail', async () => {
    const provider = start(server.url);
    const later: Call = { ...call, now: () => new Date('2026-11-22T19:00:00Z') };
    const first = await provider.send(parcelOf('ntf_a'), call);
    const second = await provider.send({ ...parcelOf('ntf_a'), attempt: 2 }, later);
    expect(first).toMatchObject({ kind: 'taken', code: '200' });
    expect(second).toEqual(first);
    expect(server.messages[1]!.body).toBe(server.messages[0]!.body);
    expect(server.messages[1]!.headers['idempotency-key']).toBe('ntf_a.3f9a');
  });

  it('is in doubt for good about what Resend knows with other bytes', async () => {
    const provider = start(server.url);
    await provider.send(parcelOf('ntf_a'), call);
    expect(await provider.send(parcelOf('ntf_a', { subject: 'Other' }), call)).toMatchObject({
      kind: 'in_doubt',
      class: 'permanent',
      code: 'resend_invalid_idempotent_request',
      scope: 'message',
    });
  });

  it('lets nobody else have a mail of which an earlier call is under way', async () => {
    server.script(TURN_OF.defer!);
    expect(await start(server.url).send(parcelOf('ntf_a'), call)).toMatchObject({
      kind: 'deferred',
      class: 'retry',
      isPinned: true,
    });
  });

  const page = '<html>Bad gateway</html>';
  it.each<[string, Turn, object]>([
    [
      '429 with a delay',
      refusal(429, 'rate_limit_exceeded', 'slow', { 'retry-after': '7', 'ratelimit-reset': '1' }),
      { kind: 'deferred', class: 'throttled', code: 'resend_rate_limit_exceeded', retryAfterMs: 7_000 },
    ],
    [
      '429 with the window’s end only',
      refusal(429, 'rate_limit_exceeded', 'slow', { 'ratelimit-reset': '2' }),
      { class: 'throttled', retryAfterMs: 2_000 },
    ],
    [
      '429 for the day, whatever the second’s window says',
      refusal(429, 'daily_quota_exceeded', 'spent', { 'ratelimit-reset': '1' }),
      { kind: 'deferred', class: 'throttled', scope: 'provider', retryAfterMs: QUOTA_WAIT_MS },
    ],
    [
      '429 for the day, with a longer delay',
      refusal(429, 'daily_quota_exceeded', 'spent', { 'retry-after': '3600' }),
      { retryAfterMs: 3_600_000 },
    ],
    [
      '429 for the month',
      refusal(429, 'monthly_quota_exceeded', 'spent'),
      { kind: 'rejected', class: 'configuration', scope: 'provider' },
    ],
    ['429 of a proxy', { status: 429, body: page }, { class: 'throttled', code: 'http_429' }],
    [
      '500 of Resend',
      refusal(500, 'application_error', 'Oops'),
      { kind: 'in_doubt', scope: 'provider', code: 'resend_application_error' },
    ],
    ['502 of a proxy', { status: 502, body: page }, { kind: 'in_doubt', code: 'http_502' }],
    ['200 without a body', { status: 200 }, { kind: 'in_doubt', code: 'answer_unparsable' }],
    ['200 with a page', { status: 200, body: page }, { kind: 'in_doubt', code: 'answer_unparsable' }],
    ['200 with JSON of another shape', json(200, { id: { $: 1 } }), { kind: 'in_doubt' }],
    ['200 with a list', json(200, []), { kind: 'in_doubt' }],
    ['200 with an id that is none', json(200, { id: 'a b\u0000' }), { kind: 'in_doubt' }],
    ['400 with a page', { status: 400, body: page }, { kind: 'in_doubt', code: 'answer_unparsable' }],
    ['409 without a name', json(409, {}), { kind: 'in_doubt', code: 'answer_unparsable' }],
    [
      '403 of the gate in front of Resend',
      { status: 403, body: 'error code: 1010' },
      { kind: 'rejected', class: 'configuration', code: 'http_403' },
    ],
    ['413 of a proxy', { status: 413, body: page }, { kind: 'rejected', class: 'permanent' }],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { kind: 'rejected', class: 'configuration' },
    ],
    [
      'a name that is none',
      refusal(422, 'x'.repeat(80), 'odd'),
      { kind: 'in_doubt', code: 'answer_unparsable' },
    ],
    [
      'an answer beyond 64 KB',
      { status: 200, body: `{"id":"49a3999c","x":"${'x'.repeat(70_000)}"}` },
      { kind: 'in_doubt', code: 'answer_too_large' },
    ],
    [
      'a trickling answer',
      { trickle: `{"id":"49a3999c","x":"${'x'.repeat(200)}"}`, everyMs: 50 },
      { kind: 'in_doubt', code: 'answer_timeout' },
    ],
  ])('%s', async (_name, turn, expected) => {
    server.script(turn);
    const provider = start(server.url, {}, IMPATIENT_MS);
    expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject(expected);
    expect(server.messages).toHaveLength(1);
  });

  it.each([
    [{ base_url: 'ftp://x' }, /^base_url must be an http/],
    [{ base_url: 'http://api.resend.com' }, /^base_url must be https/],
    [{ base_url: 'https://user:pass@x' }, /^base_url must not contain credentials/],
    [{ from: 'Acme' }, /^from must/],
  ])('refuses the options %o', (options, message) => {
    expect(() => createProvider(server.url, options)).toThrow(message);
  });
});
