import { createServer, type Socket } from 'node:net';

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Call } from '../../../src/channels/channel.js';
import { HttpCalls, type HttpRequest } from '../../../src/channels/http-call.js';

const TIMEOUT_MS = 200;
const REQUEST: HttpRequest = { method: 'POST', path: '/', headers: {}, body: '{}' };
const call: Call = { signal: new AbortController().signal, now: () => new Date('2026-11-22T09:00:00Z') };

describe('a call to a provider', () => {
  const closing: (() => void | Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const start = async (onConnection: (socket: Socket) => void): Promise<HttpCalls> => {
    const server = createServer((socket) => onConnection(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => void server.close());
    const { port } = server.address() as { port: number };
    const calls = new HttpCalls(`http://127.0.0.1:${port}`, { concurrency: 2, timeoutMs: TIMEOUT_MS });
    closing.push(() => calls.close());
    return calls;
  };

  const every = (socket: Socket, ms: number, bytes: string): void => {
    const timer = setInterval(() => socket.write(bytes), ms);
    socket.on('close', () => clearInterval(timer));
  };

  it.each<[string, (socket: Socket) => void]>([
    [
      'the head comes byte by byte',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
        every(socket, 20, 'a');
      },
    ],
    ['hints come instead of an answer', (socket) => every(socket, 20, 'HTTP/1.1 103 Early Hints\r\n\r\n')],
    [
      'the body comes byte by byte',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
        every(socket, 20, 'a');
      },
    ],
  ])('ends in bounded time when %s', async (_name, answer) => {
    const calls = await start((socket) => void socket.once('data', () => answer(socket)));
    const startedAt = performance.now();
    expect(await calls.make(REQUEST, call)).toMatchObject({
      kind: 'in_doubt',
      code: 'answer_timeout',
      scope: 'provider',
    });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('calls nobody once it is closed', async () => {
    const connected = vi.fn();
    const calls = await start(connected);
    await calls.close();
    expect(await calls.make(REQUEST, call)).toMatchObject({
      kind: 'not_sent',
      class: 'lease',
      scope: 'message',
    });
    expect(connected).not.toHaveBeenCalled();
  });
});
