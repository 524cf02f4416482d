import { createServer, type Server, type Socket } from 'node:net';

import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Call, Parcel, SmsContent } from '../../src/channels/channel.js';
import { twilioKind } from '../../src/channels/sms/providers/twilio/twilio.kind.js';
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
const ACCOUNT = 'AC00000000000000000000000000000001';
const TOKEN = 'a.very+secret/token';
/** What no call meets that is answered, however busy the machine is; and what is waited for where none comes. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 1_000;

const json = (status: number, body: object, headers: Record<string, string> = {}): Turn => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

const taken = (_request: CaughtRequest, count: number) =>
  json(201, { sid: `SM${String(count).padStart(32, '0')}`, status: 'queued', to: TO }) as Exclude<
    Turn,
    string
  >;

const refusal = (status: number, code: number, message: string, headers?: Record<string, string>): Turn =>
  json(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }, headers);

/** The refusals quote what Twilio quotes: the number, however written, and here also our credentials. */
const TURN_OF: Partial<Record<Fault, Turn>> = {
  reject: refusal(400, 21617, `The text to ${TO} is too long`),
  suppress: refusal(400, 21610, 'Attempt to send to unsubscribed recipient 1 (555) 123-4567'),
  configuration: refusal(401, 20003, `Authenticate ${ACCOUNT}:${TOKEN}`),
  defer: refusal(400, 30001, `Queue overflow for ${TO}`),
  throttle: refusal(429, 20429, 'Too many requests', { 'retry-after': '7' }),
  drop_after_body: 'drop',
  hang_after_body: 'hang',
  garbage: { raw: 'SSH-2.0-OpenSSH_9\r\n\r\n' },
};

const parcelOf = (id: string, text = 'Your code is 123456'): Parcel<SmsContent> => ({
  id,
  key: id,
  type: 'otp.code',
  to: TO,
  attempt: 1,
  content: { kind: 'sms', text, segments: 1 },
});

function createProvider(baseUrl: string, options: Record<string, unknown> = {}, timeoutMs = PATIENT_MS) {
  const own = {
    account_sid: ACCOUNT,
    auth_token: TOKEN,
    base_url: baseUrl,
    from: '+15005550006',
    ...options,
  };
  return twilioKind.create(providerConfig('sms', 'twilio', own, { timeoutMs }));
}

async function startRig(timeoutMs: number): Promise<ProviderRig<SmsContent>> {
  const server = await startScriptedHttp({ healthy: taken });
  return {
    provider: createProvider(server.url, {}, timeoutMs),
    unreachable: () => createProvider('http://127.0.0.1:1'),
    parcel: (id) => parcelOf(id),
    script: (fault) => server.script(TURN_OF[fault]!),
    arrived: () => server.messages.length,
    openConnections: () => server.openConnections,
    secrets: [TO, '5551234567', '123-4567', TOKEN, ACCOUNT],
    close: () => server.close(),
  };
}

describeProviderContract('twilio', {
  start: startRig,
  faults: {
    reject: true,
    suppress: true,
    configuration: true,
    defer: true,
    throttle: true,
    // Over plain HTTP a request leaves at once: what is sure to come before it, the TLS handshake, has its tests below.
    hang_before_body: false,
    drop_before_body: false,
    drop_after_body: true,
    hang_after_body: true,
    garbage: true,
  },
});

describe('twilio, besides the contract', () => {
  let server: ScriptedHttp;
  const call: Call = { signal: new AbortController().signal, now: () => new Date('2026-11-22T09:00:00Z') };
  const closing = closingAfterEach();

  beforeEach(async () => {
    server = closing(await startScriptedHttp({ healthy: taken }));
  });

  const start = (...args: Parameters<typeof createProvider>) => closing(createProvider(...args));

  it('posts the form Twilio documents, with basic authentication', async () => {
    await start(server.url).send(parcelOf('ntf_a', 'Grüße & 100 % + „mehr“'), call);
    const [request] = server.messages;
    expect(request).toMatchObject({ method: 'POST', path: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json` });
    expect(request!.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(Object.fromEntries(new URLSearchParams(request!.body))).toEqual({
      To: TO,
      From: '+15005550006',
      Body: 'Grüße & 100 % + „mehr“',
    });
  });

  it('names a messaging service and a callback that carries our id', async () => {
    const provider = start(`${server.url}/sandbox/`, {
      from: undefined,
      messaging_service_sid: 'MG1',
      status_callback: 'https://acme.example/cb?x=1',
    });
    await provider.send(parcelOf('ntf_a'), call);
    expect(server.messages[0]!.path).toBe(`/sandbox/2010-04-01/Accounts/${ACCOUNT}/Messages.json`);
    expect(Object.fromEntries(new URLSearchParams(server.messages[0]!.body))).toMatchObject({
      MessagingServiceSid: 'MG1',
      StatusCallback: 'https://acme.example/cb?x=1&notification_id=ntf_a',
    });
  });

  it('keeps its connections', async () => {
    const provider = start(server.url);
    for (let i = 0; i < 10; i++) await provider.send(parcelOf(`ntf_${i}`), call);
    expect(server.messages).toHaveLength(10);
    expect(server.connections).toBeLessThanOrEqual(2); // undici frees a connection a tick after its answer was read
  });

  it('opens new connections after the server has hung up on idle ones', async () => {
    const provider = start(server.url);
    await provider.send(parcelOf('ntf_a'), call);
    server.hangUp();
    await vi.waitFor(() => expect(server.openConnections).toBe(0), { interval: 5, timeout: PATIENT_MS });
    expect(await provider.send(parcelOf('ntf_b'), call)).toMatchObject({ kind: 'taken' });
  });

  const page = '<html>Bad gateway</html>';
  it.each<[string, Turn, object]>([
    [
      '429 with a delay',
      refusal(429, 20429, 'slow down', { 'retry-after': '7' }),
      { class: 'throttled', retryAfterMs: 7_000 },
    ],
    [
      '429 of a proxy, with a date',
      { status: 429, headers: { 'retry-after': 'Sun, 22 Nov 2026 09:01:00 GMT' }, body: page },
      { class: 'throttled', code: 'http_429', retryAfterMs: 60_000 },
    ],
    ['500 of Twilio', refusal(500, 20500, 'Internal'), { kind: 'in_doubt', code: 'twilio_20500' }],
    ['502 of a proxy', { status: 502, body: page }, { kind: 'in_doubt', code: 'http_502' }],
    ['503 with an unknown code', refusal(503, 29999, 'odd'), { kind: 'in_doubt' }],
    ['201 without a body', { status: 201 }, { kind: 'in_doubt', code: 'answer_unparsable' }],
    ['201 with a page', { status: 201, body: page }, { kind: 'in_doubt', code: 'answer_unparsable' }],
    ['201 with JSON of another shape', json(201, { sid: { $: 1 } }), { kind: 'in_doubt' }],
    ['201 with null', { status: 201, body: 'null' }, { kind: 'in_doubt' }],
    [
      '201 that failed already',
      json(201, { sid: 'SM1', status: 'failed', error_code: 21610 }),
      { kind: 'rejected', class: 'suppress' },
    ],
    ['400 with a page', { status: 400, body: page }, { kind: 'in_doubt', code: 'answer_unparsable' }],
    [
      '400 with an unknown code',
      refusal(400, 29999, 'odd'),
      { kind: 'rejected', class: 'permanent', scope: 'message' },
    ],
    [
      '401 with a page',
      { status: 401, body: page },
      { kind: 'rejected', class: 'configuration', code: 'http_401' },
    ],
    [
      '404 of a wrong base URL',
      { status: 404, body: page },
      { kind: 'rejected', class: 'configuration', scope: 'provider' },
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { kind: 'rejected', class: 'configuration' },
    ],
    [
      'an answer beyond 64 KB',
      { status: 201, body: `{"sid":"SM1","x":"${'x'.repeat(70_000)}"}` },
      { kind: 'in_doubt', code: 'answer_too_large' },
    ],
    [
      'half an answer',
      { raw: 'HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"sid"' },
      { kind: 'in_doubt' },
    ],
    ['endless head', { raw: `HTTP/1.1 201 Created\r\nx: ${'x'.repeat(100_000)}` }, { kind: 'in_doubt' }],
    [
      'a trickling answer',
      { trickle: `{"sid":"SM1","x":"${'x'.repeat(200)}"}`, everyMs: 50 },
      { kind: 'in_doubt', code: 'answer_timeout' },
    ],
  ])('%s', async (_name, turn, expected) => {
    server.script(turn);
    const provider = start(server.url, {}, IMPATIENT_MS);
    expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject(expected);
    expect(server.messages).toHaveLength(1);
  });

  it('is sure that nothing was sent when the server is not one of TLS', async () => {
    const outcome = await start(server.url.replace('http:', 'https:')).send(parcelOf('ntf_a'), call);
    expect(outcome).toMatchObject({ kind: 'not_sent', class: 'network', scope: 'provider' });
    expect(server.messages).toHaveLength(0);
  });

  it.each([
    ['falls silent', () => undefined],
    ['hangs up', (socket: Socket) => void socket.once('data', () => socket.destroy())],
  ])(
    'is sure that nothing was sent when the server %s during the TLS handshake',
    async (_name, onConnection) => {
      const deaf = await startDeaf(onConnection);
      const provider = start(deaf.url, {}, IMPATIENT_MS);
      expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject({
        kind: 'not_sent',
        class: 'network',
        scope: 'provider',
      });
      await deaf.close();
    },
  );

  it.each([
    [{ from: undefined }, /either from or messaging_service_sid/],
    [{ messaging_service_sid: 'MG1' }, /either from or messaging_service_sid/],
    [{ base_url: 'ftp://x' }, /base_url must be an http/],
    [{ base_url: 'https://user:pass@x' }, /base_url must not contain credentials/],
    [{ status_callback: 'nonsense' }, /status_callback must be/],
  ])('refuses the options %o', (options, message) => {
    expect(() => createProvider(server.url, options)).toThrow(message);
  });
});

/** Accepts connections and never speaks TLS. */
async function startDeaf(
  onConnection: (socket: Socket) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      sockets.forEach((socket) => socket.destroy());
    });
  return { url: `https://127.0.0.1:${port}`, close };
}
