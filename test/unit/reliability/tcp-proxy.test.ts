import { connect, createServer, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { TcpProxy } from '../../reliability/support/tcp-proxy.js';
import { waitFor } from '../../support/wait-for.js';

/** What one end of a connection has seen. */
class End {
  text = '';
  fate: 'open' | 'ended' | 'reset' = 'open';

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.text += chunk));
    socket.on('end', () => (this.fate = 'ended'));
    socket.on('error', () => (this.fate = 'reset'));
  }
}

describe('a hop that can be broken', () => {
  let server: Server;
  let proxy: TcpProxy;
  let served: End[];
  const ends: End[] = [];

  beforeEach(async () => {
    served = [];
    server = createServer((socket) => served.push(new End(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = await TcpProxy.start('test', { port: (server.address() as { port: number }).port });
  });

  afterEach(async () => {
    ends.splice(0).forEach(({ socket }) => socket.destroy());
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const dial = (): End => {
    const end = new End(connect(proxy.port, '127.0.0.1'));
    ends.push(end);
    return end;
  };
  const pair = async (): Promise<[End, End]> => {
    const client = dial();
    client.socket.write('hello');
    const other = await waitFor(() => served.at(-1)?.text === 'hello' && served.at(-1));
    return [client, other as End];
  };

  it('passes everything both ways, and counts it', async () => {
    const [client, other] = await pair();
    other.socket.write('welcome');
    await waitFor(() => client.text === 'welcome');
    client.socket.end();
    await waitFor(() => other.fate === 'ended');
    expect(proxy.counts).toEqual({ connections: 1, up: 5, down: 7 });
  });

  it('resets both ends after so many bytes, and lets these through', async () => {
    const [client, other] = await pair();
    await proxy.set({ kind: 'reset', afterBytes: 4, direction: 'up' });
    client.socket.write('abcdefgh');
    await proxy.triggered;
    await waitFor(() => client.fate === 'reset' && other.fate === 'reset');
    expect(other.text).toBe('helloabcd');
  });

  it('freezes after so many bytes, the other way too, and goes on where it was', async () => {
    const [client, other] = await pair();
    await proxy.set({ kind: 'freeze', afterBytes: 2, direction: 'up' });
    client.socket.write('abcdef');
    await proxy.triggered;
    other.socket.write('back');
    await waitFor(() => other.text === 'helloab');
    expect(client.text).toBe('');
    await proxy.pass();
    await waitFor(() => other.text === 'helloabcdef' && client.text === 'back');
  });

  it('swallows in half-open, and never lets a connection go on behind the gap', async () => {
    const [client, other] = await pair();
    await proxy.set({ kind: 'half-open' });
    client.socket.write('lost');
    await waitFor(() => proxy.counts.up === 9);
    await proxy.pass();
    await waitFor(() => client.fate === 'reset' && other.fate === 'reset');
    expect(other.text).toBe('hello');
    await pair();
  });

  it('ends in fin, resets in refuse, and takes again', async () => {
    const [client, other] = await pair();
    await proxy.set({ kind: 'fin' });
    await waitFor(() => client.fate === 'ended' && other.fate === 'ended');
    await proxy.set({ kind: 'refuse' });
    const refused = dial();
    await waitFor(() => refused.fate === 'reset');
    await proxy.pass();
    await pair();
  });

  it('delivers late under latency, and a byte at a time under a narrow band, in order', async () => {
    const [client, other] = await pair();
    await proxy.set({ kind: 'bandwidth', bytesPerSecond: 100 });
    client.socket.write('0123456789');
    await waitFor(() => other.text === 'hello0123456789');
    await proxy.set({ kind: 'latency', ms: 50 });
    client.socket.write('a');
    client.socket.write('b');
    await waitFor(() => other.text.endsWith('ab'));
  });
});
