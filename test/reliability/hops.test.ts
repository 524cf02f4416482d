import { connect } from 'node:net';

import { describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import type { Behaviour } from './support/behaviour.js';
import { script } from './support/behaviour.js';
import type { Intent } from './support/client.js';
import { readDatabaseLedger, type Stored } from './support/database-ledger.js';
import { deploymentFile } from './support/deployment-file.js';
import type { Providers } from './support/providers.js';
import { BACKENDS, expectGreen, onStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import type { Mode } from './support/tcp-proxy.js';
import { hook, letter, text } from './support/workload.js';

/** Shorter than the latency: every wait has its own end, however the line behaves. No breaker takes the calls away. */
const IMPATIENT = (providers: Providers): string =>
  deploymentFile(providers, { timeout: '1500ms' }).replaceAll('minimum: 10,', 'minimum: 1000,');

const LATENCY: Mode = { kind: 'latency', ms: 2_000 };
const TRICKLE: Mode = { kind: 'bandwidth', bytesPerSecond: 1 };
const RESET: Mode = { kind: 'reset', afterBytes: 60, direction: 'up' };
const MODES: readonly (readonly [name: string, mode: Mode])[] = [
  ['a latency of 2 s', LATENCY],
  ['1 B/s', TRICKLE],
  ['a reset after 60 bytes', RESET],
  ['a half-open line', { kind: 'half-open' }],
  ['FIN', { kind: 'fin' }],
  ['nobody there', { kind: 'refuse' }],
];

/** Mail that did not reach its final dot was surely not sent; a request that may have left is in doubt. */
const CUT_ON_THE_WAY = ['not_sent network', 'in_doubt slow', 'in_doubt in_doubt'];
const NEVER_LEFT = ['not_sent network', 'not_sent slow', 'not_sent network'];

const storedOf = async (stage: Stage, intent: Intent): Promise<Stored> =>
  (await readDatabaseLedger(stage.pool)).find((row) => intent.ids.has(row.id))!;

/** Its first attempt, when it has ended. */
const firstAttempt = (stage: Stage, intent: Intent) =>
  waitFor(
    async () => {
      const [first] = (await storedOf(stage, intent)).attempts;
      return first?.outcome ? first : undefined;
    },
    { what: 'the end of its first attempt' },
  );

describe.each(BACKENDS)('lines that are bad, each hop (%s)', (backend) => {
  it.concurrent(
    '18. worker → SMTP, webhook, Twilio: latency, 1 B/s, reset, half-open, FIN → deadlines hold, classified right',
    () =>
      onStage(backend, { yaml: IMPATIENT }, async (stage) => {
        await stage.start('api,relay,worker');
        const { smtp, hooks, twilio } = stage.providers.hops;
        const seen: Record<string, string[]> = {};
        for (const [name, mode] of MODES) {
          const endpoint = await stage.createEndpoint();
          await Promise.all([smtp, hooks, twilio].map((hop) => hop.set(mode)));
          const requests = [letter(), hook(endpoint, { on_in_doubt: 'park' }), text()];
          const intents = await Promise.all(requests.map((request) => stage.client.post(request)));
          // The line stays as bad as it is until all have ended: what ends them is the service's own deadline.
          const ended = await Promise.all(intents.map((intent) => firstAttempt(stage, intent)));
          seen[name] = ended.map((one) => `${one.outcome} ${one.class}`);
          await Promise.all([smtp, hooks, twilio].map((hop) => hop.pass()));
          await stage.drain(); // a retry would meet the next line's fault in the place of its first
        }
        expect(seen).toEqual({
          'a latency of 2 s': CUT_ON_THE_WAY,
          '1 B/s': CUT_ON_THE_WAY,
          'a reset after 60 bytes': CUT_ON_THE_WAY,
          'a half-open line': CUT_ON_THE_WAY,
          FIN: CUT_ON_THE_WAY,
          'nobody there': NEVER_LEFT,
        });
        expectGreen(await stage.verdict());
        const stored = await readDatabaseLedger(stage.pool);
        const notParked = stored.filter(({ status }) => status !== 'in_doubt');
        // All mail, and what nobody was there to take.
        expect(notParked).toHaveLength(MODES.length + 2);
      }),
  );

  it.concurrent('18. process → PostgreSQL: the same → 503 in time, taken once when the line is back', () =>
    onStage(backend, {}, async (stage) => {
      await stage.start('api,relay,worker');
      const endpoint = await stage.createEndpoint();
      const hop = stage.hops.postgres;
      for (const [name, mode] of MODES) {
        await hop.set(mode);
        const intent = await stage.client.post(hook(endpoint), { patienceMs: 0 });
        expect([name, intent.tries[0]!.status]).toEqual([name, 503]);
        await hop.pass();
        await waitFor(async () => Number((await stage.client.repeat(intent)).status) < 300, {
          what: 'the door open again',
          every: 200,
        });
      }
      expectGreen(await stage.verdict());
      expect(await stage.countByStatus()).toEqual({ delivered: MODES.length });
      expect(stage.processes.size).toBe(1);
    }),
  );

  // Not registered on the other backend, rather than skipped there: what is skipped has failed.
  if (backend === 'redis') {
    it.concurrent('18. process → Redis: the same → the API answers 202, delay only', () =>
      onStage(backend, {}, async (stage) => {
        await stage.start('api,relay,worker');
        const endpoint = await stage.createEndpoint();
        for (const [, mode] of MODES) {
          await stage.hops.redis!.set(mode);
          const intent = await stage.client.post(hook(endpoint));
          expect(intent.tries.map(({ status }) => status)).toEqual([202]);
          // A relay and a worker meet the bad line with something to do before it is well again.
          await waitFor(() => stage.hops.redis!.counts.connections > 0);
          await stage.hops.redis!.pass();
        }
        expectGreen(await stage.verdict());
        expect(stage.providers.ledger.calls).toHaveLength(MODES.length);
      }),
    );
  }

  it.concurrent('18. client → API: the same → one row each, and a request that trickles is cut', () =>
    onStage(backend, {}, async (stage) => {
      const api = await stage.start('api,relay,worker');
      const endpoint = await stage.createEndpoint();
      const trickling = trickle(api.url, stage.apiKey);
      const door = await stage.hop('door', api.url);
      const cells: [mode: Mode, then: number | 'cut', repeated: number][] = [
        [{ kind: 'latency', ms: 500 }, 202, 200],
        [{ kind: 'reset', afterBytes: 100, direction: 'up' }, 'cut', 202],
        [{ kind: 'reset', afterBytes: 0, direction: 'down' }, 'cut', 200],
        [{ kind: 'half-open' }, 'cut', 202],
        [{ kind: 'fin' }, 'cut', 202],
        [{ kind: 'refuse' }, 'cut', 202],
      ];
      for (const [mode, then, repeated] of cells) {
        const request = hook(endpoint);
        await door.set(mode);
        expect([mode, await postThrough(door.through(api.url), stage.apiKey, request)]).toEqual([mode, then]);
        await door.pass();
        const again = await stage.client.post(request);
        expect([mode, again.tries.map(({ status }) => status)]).toEqual([mode, [repeated]]);
      }
      expect(await trickling).toMatch(/^HTTP\/1\.1 408 /);
      expectGreen(await stage.verdict());
      expect(await stage.countByStatus()).toEqual({ delivered: cells.length });
    }),
  );

  it.concurrent(
    '19. provider takes it, then drops / hangs / resets before answering → in doubt, never a plain retry for SMS',
    () =>
      onStage(backend, { yaml: IMPATIENT }, async (stage) => {
        await stage.start('api,relay,worker');
        const endpoint = await stage.createEndpoint();
        const { smtp, hooks, twilio } = stage.providers;
        for (const lie of ['drop', 'hang', 'reset'] satisfies Behaviour[]) {
          [smtp, hooks, twilio].forEach((fake) => (fake.plan = script(lie)));
          const requests = [letter(), text(), hook(endpoint)];
          const intents = await Promise.all(requests.map((request) => stage.client.post(request)));
          const ended = await Promise.all(intents.map((intent) => firstAttempt(stage, intent)));
          expect([lie, ...ended.map(({ outcome }) => outcome)]).toEqual([
            lie,
            'in_doubt',
            'in_doubt',
            'in_doubt',
          ]);
        }
        expectGreen(await stage.verdict());
        const stored = await readDatabaseLedger(stage.pool);
        const callsOf = (channel: string) =>
          stage.providers.ledger.calls.filter((call) => call.channel === channel).map(({ key }) => key);
        for (const { channel, status, attempts } of stored) {
          expect([channel, status, attempts.length]).toEqual(
            channel === 'webhook' ? [channel, 'delivered', 2] : [channel, 'in_doubt', 1],
          );
        }
        expect([callsOf('email').length, callsOf('sms').length]).toEqual([3, 3]);
        // A webhook goes again, and its receiver can tell: each id twice.
        expect([callsOf('webhook').length, new Set(callsOf('webhook')).size]).toEqual([6, 3]);
      }),
  );
});

/** The answer's status, or `cut`: by the line, or by a caller who has waited long enough. */
async function postThrough(origin: string, apiKey: string, request: object): Promise<number | 'cut'> {
  try {
    const answer = await fetch(`${origin}/v1/notifications`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        connection: 'close',
      },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(3_000),
    });
    await answer.text();
    return answer.status;
  } catch {
    return 'cut';
  }
}

const BYTE_EVERY_MS = 500;

/** A request that comes byte by byte and has no end. Resolves with what is answered when the door has had enough. */
function trickle(origin: string, apiKey: string): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(origin);
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      const head = [
        'POST /v1/notifications HTTP/1.1',
        'host: door',
        `authorization: Bearer ${apiKey}`,
        'content-type: application/json',
        'content-length: 100000',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
    });
    const timer = setInterval(() => socket.write('{'), BYTE_EVERY_MS);
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}
