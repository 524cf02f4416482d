import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';

import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Call, Parcel, WebhookContent } from '../../src/channels/channel.js';
import { httpKind } from '../../src/channels/webhook/providers/http/http.kind.js';
import { toPublicId } from '../../src/domain/public-id.js';
import type { EndpointTarget } from '../../src/endpoints/endpoint-directory.service.js';
import { AddressFilter } from '../../src/platform/http/address-filter.js';
import { makeCertificate } from '../support/certificate.js';
import { closingAfterEach } from '../support/closing.js';
import { providerConfig } from '../support/provider-config.js';
import { type ScriptedHttp, startScriptedHttp, type Turn } from '../support/scripted-http.js';
import { describeProviderContract, type Fault, type ProviderRig } from './provider-contract.js';

const UUID = '01930000-0000-7000-8000-000000000001';
const ENDPOINT = toPublicId('endpoint', UUID);
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECOND_SECRET = 'whsec_dGhlLXNlY29uZC1zZWNyZXQtb2YtMzItYnl0ZXMhIQ==';
/** What no call meets that is answered, however busy the machine is; and what is waited for where none comes. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 1_000;

const TURN_OF: Partial<Record<Fault, Turn>> = {
  reject: { status: 501, body: 'never' },
  defer: { status: 400, body: 'bad for ada@example.com' },
  throttle: { status: 429, headers: { 'retry-after': '7' } },
  drop_after_body: 'drop',
  hang_after_body: 'hang',
  garbage: { raw: 'SSH-2.0-OpenSSH_9\r\n\r\n' },
};

const parcelOf = (id: string): Parcel<WebhookContent> => ({
  id,
  key: id,
  type: 'order.shipped',
  to: ENDPOINT,
  attempt: 1,
  content: {
    kind: 'webhook',
    body: '{"type":"order.shipped","timestamp":"2026-11-22T09:00:00.000Z","data":{"n":1}}',
  },
});

const call = (): Call => ({ signal: new AbortController().signal, now: () => new Date() });

function createProvider(
  target: Partial<EndpointTarget> | undefined,
  allow = ['127.0.0.0/8'],
  timeoutMs = PATIENT_MS,
) {
  const endpoint = target && {
    id: UUID,
    url: '',
    isEnabled: true,
    secrets: [SECRET],
    signingKeys: [],
    headers: {},
    timeoutMs: undefined,
    concurrency: undefined,
    isFailing: false,
    ...target,
  };
  const endpoints = { find: async () => endpoint };
  return httpKind(endpoints, new AddressFilter(allow)).create(
    providerConfig('webhook', 'http', {}, { timeoutMs }),
  );
}

async function startRig(timeoutMs: number): Promise<ProviderRig<WebhookContent>> {
  const server = await startScriptedHttp();
  return {
    provider: createProvider({ url: `${server.url}/hook` }, undefined, timeoutMs),
    unreachable: () => createProvider({ url: 'http://127.0.0.1:1/hook' }),
    parcel: parcelOf,
    script: (fault) => server.script(TURN_OF[fault]!),
    arrived: () => server.messages.length,
    openConnections: () => server.openConnections,
    secrets: [SECRET, 'ada@example.com'],
    close: () => server.close(),
  };
}

describeProviderContract('webhook', {
  start: startRig,
  traits: {
    isReceipt: true,
    scopes: { host: 'host', throttle: 'endpoint', exchange: 'endpoint' },
    classes: { host: 'slow', exchange: 'slow' },
  },
  faults: {
    reject: false, // 501 and 505 speak about the endpoint, not the message: below
    suppress: false, // subscribers have endpoints, not addresses
    configuration: false, // a subscriber's 401 is its own misdeployment
    defer: true,
    throttle: true,
    hang_before_body: false, // over plain HTTP the request leaves at once
    drop_before_body: false,
    drop_after_body: true,
    hang_after_body: true,
    garbage: true,
  },
});

describe('webhook, besides the contract', () => {
  let server: ScriptedHttp;
  const closing = closingAfterEach();

  beforeEach(async () => {
    server = closing(await startScriptedHttp());
  });

  const start = (...args: Parameters<typeof createProvider>) => closing(createProvider(...args));

  it('signs what the official library verifies, with one secret and with two', async () => {
    const provider = start({ url: server.url, secrets: [SECOND_SECRET, SECRET] });
    await provider.send(parcelOf('ntf_a'), call());
    const [request] = server.messages;
    const headers = request!.headers as Record<string, string>;
    for (const secret of [SECRET, SECOND_SECRET]) {
      expect(new Webhook(secret).verify(request!.body, headers)).toMatchObject({ type: 'order.shipped' });
    }
    expect(() => new Webhook(SECRET).verify(`${request!.body} `, headers)).toThrow();
    expect(headers['webhook-id']).toBe('ntf_a');
    expect(headers['user-agent']).toMatch(/^Posthaste\/\d/);
  });

  it('sends the endpoint’s own headers, and lets none of ours be overridden', async () => {
    await start({
      url: server.url,
      headers: { 'X-Team': 'billing', 'Webhook-Id': 'forged', 'content-type': 'text/plain' },
    }).send(parcelOf('ntf_a'), call());
    expect(server.messages[0]!.headers).toMatchObject({
      'x-team': 'billing',
      'webhook-id': 'ntf_a',
      'content-type': 'application/json',
    });
  });

  it('follows no redirect', async () => {
    server.script({ status: 302, headers: { location: `${server.url}/elsewhere` } });
    const outcome = await start({ url: server.url }).send(parcelOf('ntf_a'), call());
    expect(outcome).toMatchObject({ kind: 'deferred', code: 'http_302' });
    expect(server.messages).toHaveLength(1);
  });

  it.each([
    [410, 'rejected', 'gone'],
    [501, 'rejected', 'permanent'],
    [500, 'deferred', 'retry'],
    [503, 'deferred', 'slow'],
    [404, 'deferred', 'slow'],
    [422, 'deferred', 'retry'],
  ])('takes %i for %s, %s', async (status, kind, errorClass) => {
    server.script({ status });
    expect(await start({ url: server.url }).send(parcelOf('ntf_a'), call())).toMatchObject({
      kind,
      class: errorClass,
    });
  });

  it('reads Retry-After unclamped', async () => {
    server.script({ status: 429, headers: { 'retry-after': '315360000' } });
    expect(await start({ url: server.url }).send(parcelOf('ntf_a'), call())).toMatchObject({
      retryAfterMs: 315_360_000_000,
    });
  });

  it.each([
    ['https://127.0.0.1/'],
    ['https://[::1]/'],
    ['https://169.254.169.254/'],
    ['http://example.com/'],
    ['https://localhost/'],
  ])('calls nobody at %s, and does not try again', async (url) => {
    expect(await start({ url }, []).send(parcelOf('ntf_a'), call())).toMatchObject({
      kind: 'rejected',
      class: 'permanent',
      code: 'address_refused',
    });
  });

  it('sends nothing to a host whose certificate nobody vouches for, and does not try again', async () => {
    const { pem, privateKey } = makeCertificate();
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    let requests = 0;
    const impostor = createTlsServer({ key, cert: pem }, (_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    closing({ close: async () => void impostor.close() });
    const { port } = impostor.address() as { port: number };
    const outcome = await start({ url: `https://127.0.0.1:${port}/` }).send(parcelOf('ntf_a'), call());
    expect(outcome).toMatchObject({
      kind: 'rejected',
      class: 'permanent',
      code: 'tls_certificate',
      scope: 'host',
    });
    expect(requests).toBe(0);
  });

  it('gives up what was for a deleted endpoint, and hands back what was for a disabled one', async () => {
    expect(await start(undefined).send(parcelOf('ntf_a'), call())).toMatchObject({
      kind: 'rejected',
      code: 'endpoint_deleted',
    });
    const disabled = await start({ url: server.url, isEnabled: false }).send(parcelOf('ntf_a'), call());
    expect(disabled).toMatchObject({
      kind: 'not_sent',
      class: 'lease',
      code: 'endpoint_disabled',
      scope: 'message',
    });
    expect(server.messages).toHaveLength(0);
  });

  it('ends in bounded time when the answer comes byte by byte, headers or body', async () => {
    const trickling = createServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      const timer = setInterval(() => socket.write('a'), 20);
      socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
    });
    await new Promise<void>((resolve) => trickling.listen(0, '127.0.0.1', resolve));
    closing({ close: async () => void trickling.close() });
    const { port } = trickling.address() as { port: number };
    const impatient = (url: string) => start({ url }, undefined, IMPATIENT_MS);
    const outcome = await impatient(`http://127.0.0.1:${port}/`).send(parcelOf('ntf_a'), call());
    expect(outcome).toMatchObject({ kind: 'in_doubt' });
    server.script({ trickle: 'x'.repeat(10_000), everyMs: 20 });
    expect(await impatient(server.url).send(parcelOf('ntf_b'), call())).toMatchObject({ kind: 'taken' });
  });
});
