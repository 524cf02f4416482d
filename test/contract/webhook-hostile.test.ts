import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from 'vitest';

import type { Call, Parcel, Provider, WebhookContent } from '../../src/channels/channel.js';
import { httpKind } from '../../src/channels/webhook/providers/http/http.kind.js';
import type { Outcome } from '../../src/domain/outcome.js';
import { toPublicId } from '../../src/domain/public-id.js';
import { AddressFilter, type ResolveAll } from '../../src/platform/http/address-filter.js';
import { startScriptedDns } from '../support/dns-server.js';
import { HOSTILE_URLS } from '../support/hostile-urls.js';
import { providerConfig } from '../support/provider-config.js';
import { waitFor } from '../support/wait-for.js';

const UUID = '01930000-0000-7000-8000-000000000001';
const TIMEOUT_MS = 1_500;
const MEBIBYTE = 1_048_576;
/** What the kernel's buffers of both sides take before anybody has read a byte. */
const BUFFERED_BYTES = 16 * MEBIBYTE;

const parcel: Parcel<WebhookContent> = {
  id: 'ntf_a',
  key: 'ntf_a',
  type: 'order.shipped',
  to: toPublicId('endpoint', UUID),
  attempt: 1,
  content: { kind: 'webhook', body: '{}' },
};

describe('a receiver that means harm', () => {
  const closing: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  function providerFor(
    url: string,
    { allow = ['127.0.0.0/8'], resolve }: { allow?: string[]; resolve?: ResolveAll } = {},
  ): Provider<WebhookContent> {
    const endpoint = {
      id: UUID,
      url,
      isEnabled: true,
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      signingKeys: [],
      headers: {},
      timeoutMs: undefined,
      concurrency: undefined,
      isFailing: false,
    };
    const provider = httpKind({ find: async () => endpoint }, new AddressFilter(allow, resolve)).create(
      providerConfig('webhook', 'http', {}, { timeoutMs: TIMEOUT_MS }),
    );
    closing.push(() => provider.close());
    return provider;
  }

  const send = (provider: Provider<WebhookContent>): Promise<Outcome> => {
    const call: Call = { signal: new AbortController().signal, now: () => new Date() };
    return provider.send(parcel, call);
  };

  /** Answers each connection's first bytes by `answer`, and knows what became of the connections. */
  async function listen(answer: (socket: Socket) => void, host = '127.0.0.1', port = 0) {
    const sockets: Socket[] = [];
    const server: Server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).once('data', () => answer(socket));
    });
    server.listen(port, host);
    await once(server, 'listening');
    closing.push(() => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise((resolve) => server.close(resolve));
    });
    const { port: taken } = server.address() as { port: number };
    return {
      url: `http://${host}:${taken}/`,
      sockets,
      sentBytes: () => sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0),
      isCut: () => waitFor(() => sockets.length > 0 && sockets.every((socket) => socket.destroyed)),
    };
  }

  /** Writes as fast as the other side takes it, until it is cut. */
  const pour = (socket: Socket, block: Buffer): void => {
    const write = (): void => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', write);
    write();
  };

  describe.each([
    ['200 OK', 'taken'],
    ['500 Internal Server Error', 'deferred'],
  ])('and answers %s', (status, kind) => {
    it('gets no more than its first kilobyte read of a body without an end, and is cut off', async () => {
      const server = await listen((socket) => {
        socket.write(`HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\n\r\n`);
        pour(socket, Buffer.alloc(65_536, 'a'));
      });
      const outcome = await send(providerFor(server.url));
      expect(outcome.kind).toBe(kind);
      expect(Buffer.byteLength(outcome.detail)).toBeLessThanOrEqual(1_024);
      await server.isCut();
      expect(server.sentBytes()).toBeLessThan(BUFFERED_BYTES);
    });

    it('unpacks nothing: a bomb stays as small as it was sent', async () => {
      const bomb = gzipSync(Buffer.alloc(64 * MEBIBYTE));
      const server = await listen((socket) => {
        socket.write(
          `HTTP/1.1 ${status}\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
        );
        socket.write(bomb);
      });
      const before = process.memoryUsage().rss;
      const outcome = await send(providerFor(server.url));
      expect(outcome.kind).toBe(kind);
      expect(Buffer.byteLength(outcome.detail)).toBeLessThanOrEqual(1_024);
      expect(process.memoryUsage().rss - before).toBeLessThan(32 * MEBIBYTE);
    });
  });

  it('gets 100 KB of headers refused, and is cut off', async () => {
    const server = await listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      pour(socket, Buffer.from(`x-filler: ${'a'.repeat(1_000)}\r\n`));
    });
    const outcome = await send(providerFor(server.url));
    expect(outcome).toMatchObject({ kind: 'in_doubt', scope: 'endpoint' });
    await server.isCut();
    expect(server.sentBytes()).toBeLessThan(BUFFERED_BYTES);
  });

  it('holds a call no longer than the endpoint’s time, whatever it trickles', async () => {
    const server = await listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      const timer = setInterval(() => socket.write('a'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await send(providerFor(server.url))).toMatchObject({ kind: 'in_doubt' });
    await server.isCut();
  });

  it('has not answered by an early hint: nobody knows what it did', async () => {
    const server = await listen((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n', () => socket.destroy());
    });
    expect(await send(providerFor(server.url))).toMatchObject({ kind: 'in_doubt', code: 'connection_lost' });
  });

  it('has its word heard when the connection breaks behind it', async () => {
    const server = await listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () => socket.destroy());
    });
    expect(await send(providerFor(server.url))).toMatchObject({ kind: 'taken', code: 'http_200' });
  });

  it('is followed to no other place, least of all inside', async () => {
    const inside = await listen(
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
      '127.77.0.1',
    );
    for (const status of ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
      const server = await listen((socket) =>
        socket.end(`HTTP/1.1 ${status}\r\nlocation: ${inside.url}\r\ncontent-length: 0\r\n\r\n`),
      );
      const outcome = await send(providerFor(server.url));
      expect(outcome).toMatchObject({ kind: 'deferred', code: `http_${status.slice(0, 3)}` });
    }
    expect(inside.sockets).toHaveLength(0);
  });

  it('is not called at an address that is none of its business, however it came to be registered', async () => {
    for (const url of HOSTILE_URLS) {
      expect(await send(providerFor(url, { allow: [] })), url).toMatchObject({
        kind: 'rejected',
        class: 'permanent',
        code: 'address_refused',
      });
    }
  });

  describe('with a name that changes its mind', () => {
    const NAME = 'https://rebind.example.com:8443/';
    const [OUTSIDE, INSIDE] = ['127.77.0.2', '127.77.0.1']; // both here; only the first is opened, in the place of a public one
    const open = [`${OUTSIDE}/32`];

    it('is called where it was checked, and no more once it points inside', async () => {
      const outside = await listen((socket) => socket.destroy(), OUTSIDE, 8443);
      const inside = await listen((socket) => socket.destroy(), INSIDE, 8443);
      const dns = await startScriptedDns([OUTSIDE], [INSIDE]);
      closing.push(() => dns.close());
      const provider = providerFor(NAME, { allow: open, resolve: dns.resolve });
      expect((await send(provider)) as { code: string }).not.toMatchObject({ code: 'address_refused' });
      expect(outside.sockets).toHaveLength(1);
      expect(dns.questions).toHaveLength(1); // what was checked is what was dialled: nobody asked in between
      expect(await send(provider)).toMatchObject({ kind: 'rejected', code: 'address_refused' });
      expect(dns.questions).toEqual(['rebind.example.com', 'rebind.example.com']);
      expect(inside.sockets).toHaveLength(0);
    });

    it('is not called when one address of many is inside', async () => {
      const outside = await listen((socket) => socket.destroy(), OUTSIDE, 8443);
      const dns = await startScriptedDns([OUTSIDE, INSIDE]);
      closing.push(() => dns.close());
      expect(await send(providerFor(NAME, { allow: open, resolve: dns.resolve }))).toMatchObject({
        code: 'address_refused',
      });
      expect(outside.sockets).toHaveLength(0);
    });
  });
});
