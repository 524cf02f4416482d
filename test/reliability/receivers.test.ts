import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import type { Behaviour } from './support/behaviour.js';
import { readDatabaseLedger, type StoredAttempt } from './support/database-ledger.js';
import { deploymentFile } from './support/deployment-file.js';
import { BACKENDS, expectGreen, onStage, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, many, text } from './support/workload.js';

const MEBIBYTE = 1_048_576;
/** What a worker may grow by while it is harmed: its own buffers and heap, not what is poured at it. */
const GROWTH_BYTES = 150 * MEBIBYTE;
/** Of one call: what both kernels take before anybody has read a byte. */
const BUFFERED_BYTES = 16 * MEBIBYTE;

/** Patience for what harms: it has still tries left when all others are done. */
const TWO_TRIES = `  harness.harm: { channel: webhook, on_in_doubt: retry, retry: { retries: 1, base: 12s, jitter: 0, slow: [] } }\n`;
/** Its calls end by their own deadline and not by a breaker. */
const calm = (yaml: string): string => yaml.replaceAll('minimum: 10,', 'minimum: 1000,');

/** A receiver on the wire, which answers a connection's first bytes. */
async function listen(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const answering = new Set<Socket>();
  let written = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      answering.add(socket);
      answer(socket);
    });
    socket.on('close', () => {
      sockets.delete(socket);
      answering.delete(socket);
      written += socket.bytesWritten;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`,
    answering: () => answering.size,
    written: () => written,
    stop: () => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes as fast as the other side takes it, until it is cut. */
function pour(socket: Socket, block: Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', write);
  write();
}

function slowloris(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
  const timer = setInterval(() => socket.write('a'), 100);
  socket.on('close', () => clearInterval(timer));
}

const BOMB = gzipSync(Buffer.alloc(64 * MEBIBYTE));

const HARM: Record<string, (socket: Socket) => void> = {
  slowloris,
  'endless body': (socket) => {
    socket.write('HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain\r\n\r\n');
    pour(socket, Buffer.alloc(65_536, 'a'));
  },
  '100 KB headers': (socket) =>
    void socket.end(`HTTP/1.1 200 OK\r\nx-large: ${'a'.repeat(102_400)}\r\ncontent-length: 0\r\n\r\n`),
  'gzip bomb': (socket) => {
    const head = `HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: ${BOMB.length}`;
    socket.write(`${head}\r\n\r\n`);
    socket.write(BOMB);
  },
};

const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024;

/** Which of two clocks ended a call that trickles is no matter. */
const first = ({ attempts }: { attempts: readonly StoredAttempt[] }): string =>
  `${attempts[0]!.outcome} ${attempts[0]!.code}`.replace(/call_cut|answer_timeout/, 'cut in time');

describe.each(BACKENDS)('receivers that mean harm, are dead, or ask for time (%s)', (backend) => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  it('20. slowloris receiver, endless body, 100 KB headers, gzip bomb → bounded time and memory; all others are delivered before they give up', async () => {
    const yaml = (providers: Parameters<typeof deploymentFile>[0]) =>
      calm(deploymentFile(providers, { concurrency: 20, perEndpointConcurrency: 2, timeout: '2s' })) +
      TWO_TRIES;
    await onStage(backend, { yaml }, async (stage) => {
      await stage.start('api,relay');
      const worker = await stage.start('worker');
      const healthy = await Promise.all(many(10, (i) => stage.createEndpoint(`/healthy/${i}`)));
      await stage.client.postBatch(many(50, (i) => hook(healthy[i % 10]!)));
      await stage.drain();
      const before = residentBytes(worker.child.pid!);

      const receivers = await Promise.all(Object.values(HARM).map(listen));
      closing.push(...receivers.map(({ stop }) => stop));
      const harmful: string[] = [];
      for (const { url } of receivers) {
        const { id } = await stage.client.call('POST', '/v1/endpoints', { url, types: ['harness.none'] });
        harmful.push(id as string);
      }
      const harm = harmful.flatMap((to) => many(5, () => hook(to, { type: 'harness.harm' })));
      await stage.client.postBatch(harm, { expects: 'dead' });
      await stage.client.postBatch(many(200, (i) => hook(healthy[i % 10]!)));
      await waitFor(async () => (await stage.countByStatus())['delivered'] === 250, {
        within: 60_000,
        what: 'the healthy delivered',
        every: 20,
      });
      expect((await stage.countByStatus())['dead'] ?? 0).toBe(0);
      let most = before;
      const watching = setInterval(() => {
        most = Math.max(most, residentBytes(worker.child.pid!));
      }, 50);
      const verdict = await stage.verdict({ mayDie: true });
      clearInterval(watching);

      expectGreen(verdict);
      expect(await stage.countByStatus()).toEqual({ delivered: 250, dead: 20 });
      expect(most - before).toBeLessThan(GROWTH_BYTES);
      await waitFor(() => receivers.every(({ answering }) => answering() === 0), { what: 'all cut off' });
      // Five notifications with two calls each.
      for (const { written } of receivers) expect(written()).toBeLessThan(10 * BUFFERED_BYTES);
      const stored = (await readDatabaseLedger(stage.pool)).filter(({ type }) => type === 'harness.harm');
      const told = harm.map((one) => first(stored.find(({ businessId }) => businessId === one.business_id)!));
      expect(Object.keys(HARM).map((name, i) => [name, [...new Set(told.slice(i * 5, i * 5 + 5))]])).toEqual([
        ['slowloris', ['in_doubt cut in time']],
        ['endless body', ['deferred http_500']],
        ['100 KB headers', ['in_doubt answer_too_large']],
        ['gzip bomb', ['deferred http_500']],
      ]);
    });
  });

  it('22. one dead endpoint among 50 healthy → its calls hold no more than its cap, and all others are done before it gives up', async () => {
    const CAP = 4;
    const file = { concurrency: 8, perEndpointConcurrency: CAP, timeout: '3s' };
    await onStage(backend, { yaml: (all) => calm(deploymentFile(all, file)) }, async (stage) => {
      await stage.start('api,relay,worker');
      const dead = await stage.createEndpoint('/dead');
      const healthy = await Promise.all(many(50, (i) => stage.createEndpoint(`/healthy/${i}`)));
      const { hooks } = stage.providers;
      let isDead = true;
      const behaviour = (to: string): Behaviour => (to === '/dead' && isDead ? 'hang' : 'take');
      hooks.plan = ({ to }) => behaviour(to);
      // The dead one's come first, and more of them than the worker has places.
      await stage.client.postBatch(many(40, () => hook(dead)));
      await stage.client.postBatch(many(500, (i) => hook(healthy[i % 50]!)));
      await waitFor(async () => (await stage.countByStatus())['delivered'] === 500, {
        within: 60_000,
        what: 'the healthy delivered',
      });
      // A place is free again only with the outcome, which is recorded before the next call: never one more than the cap.
      expect(hooks.maxOpenOf.get('/dead')).toBeLessThanOrEqual(CAP);
      expect((await stage.countByStatus())['dead'] ?? 0).toBe(0);
      isDead = false;
      expectGreen(await stage.verdict());
      expect(await stage.countByStatus()).toEqual({ delivered: 540 });
    });
  });

  describe('23. 429 with Retry-After', () => {
    let stage: Stage;
    afterEach(() => stage.stop());

    /** How long the gate was closed for, s, and how often the one behind it has been called. */
    const heldFor = async (key: string): Promise<number> => {
      const { rows } = await stage.pool.query<{ s: number }>(
        `SELECT round(extract(epoch FROM held_until - since))::integer AS s FROM gates WHERE key = $1 AND held_by = 'retry_after'`,
        [key],
      );
      return rows[0]?.s ?? NaN;
    };
    const callsTo = (channel: string) =>
      stage.providers.ledger.calls.filter((call) => call.channel === channel).length;

    it('0 / 7 / a date / ten years / garbage → clamped; no hot loop, no sleep of years', async () => {
      stage = await openStage(backend, {
        // An hour must fit into it.
        yaml: (providers) => deploymentFile(providers).replaceAll('deadline: 30m', 'deadline: 3h'),
      });
      await stage.start('api,relay,worker');
      const asked: Record<string, string> = {
        '/none': '0',
        '/seven': '7',
        '/date': new Date(Date.now() + 60_000).toUTCString(),
        '/years': '315360000',
        '/garbage': 'after lunch',
      };
      const { hooks, twilio } = stage.providers;
      hooks.plan = ({ to, times }) => (times === 1 ? { throttleS: asked[to]! } : 'take');
      twilio.plan = ({ times }) => (times === 1 ? { throttleS: '315360000' } : 'take');
      const endpoints = await Promise.all(Object.keys(asked).map((path) => stage.createEndpoint(path)));
      await Promise.all(endpoints.map((endpoint) => stage.client.post(hook(endpoint))));
      await stage.client.post(text());
      await waitFor(
        async () =>
          (await stage.pool.query(`SELECT FROM gates WHERE held_by = 'retry_after'`)).rowCount === 6,
        { what: 'six gates', every: 10 },
      );
      const uuids = (await stage.pool.query<{ id: string; url: string }>('SELECT id, url FROM endpoints'))
        .rows;
      const seconds: Record<string, number> = {};
      for (const { id, url } of uuids) seconds[new URL(url).pathname] = await heldFor(id);
      expect(seconds).toEqual({
        '/none': 1,
        '/seven': 7,
        '/date': expect.toSatisfy((s: number) => s > 30 && s <= 60),
        '/years': 3_600,
        '/garbage': 5,
      });
      expect(await heldFor('twilio')).toBe(3_600);
      // The short ones go by themselves, called once more each; nobody has called the others again.
      await waitFor(async () => (await stage.countByStatus())['delivered'] === 3, { what: 'the short ones' });
      expect([callsTo('webhook'), callsTo('sms')]).toEqual([8, 1]);
      // An hour and a minute pass.
      await stage.pool.query(`UPDATE gates SET held_until = now()`);
      await stage.pool.query(`UPDATE outbox SET available_at = now()`);
      expectGreen(await stage.verdict());
      expect([callsTo('webhook'), callsTo('sms')]).toEqual([10, 2]);
      const { rows } = await stage.pool.query('SELECT max(tries) AS tries FROM notifications');
      expect(rows[0].tries).toBe(1);
    });
  });
});
