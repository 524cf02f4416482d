import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, letter, many, text } from './support/workload.js';

/** Warnings and errors of all processes. */
const linesOf = (stage: Stage): string[] =>
  stage
    .output()
    .split('\n')
    .filter((line) => /"level":"(warn|error)"/.test(line));

/** How often each was said, for whoever finds it too often. */
function eventsIn(lines: readonly string[]): string {
  const times = new Map<string, number>();
  for (const line of lines) {
    const event = /"msg":"([^"]*)"/.exec(line)?.[1] ?? line;
    times.set(event, (times.get(event) ?? 0) + 1);
  }
  return JSON.stringify(Object.fromEntries(times));
}

// Rows of Redis alone: without it there is nothing to take away.
describe.runIf(BACKENDS.includes('redis'))('Redis under fire', () => {
  let stage: Stage;
  let endpoint: string;

  beforeEach(async () => {
    stage = await openStage('redis');
    await stage.start('api,relay');
    await stage.start('relay,worker');
    endpoint = await stage.createEndpoint();
  });

  afterEach(async () => {
    stage.stores.redis!.resume();
    await stage.stop();
  });

  const some = (count: number) =>
    many(count, (i) => (i % 4 === 0 ? letter() : i % 4 === 1 ? text() : hook(endpoint)));
  const calls = () => stage.providers.ledger.calls.length;
  const tries = () => stage.client.intents.flatMap((intent) => intent.tries);
  const jobsInRedis = async () => ((await stage.stores.redis!.ask('KEYS *:d-*')).match(/:d-/g) ?? []).length;
  /** No fault of Redis is a fault of a provider: everything is called once, and accepted at the first try. */
  const expectDelayOnly = async (...alerts: string[]) => {
    expectGreen(await stage.verdict({ alerts }));
    expect(calls()).toBe(stage.client.intents.length);
    expect(tries().every(({ status }) => status === 202)).toBe(true);
  };

  it('11. Redis FLUSHALL under load → delay only; all published again', async () => {
    stage.providers.hooks.plan = () => ({ slowMs: 20 });
    const flushed: number[] = [];
    const flushing = (async () => {
      for (const after of [20, 120, 250]) {
        await waitFor(() => calls() >= after, { every: 5, what: `${after} calls` });
        await stage.stores.redis!.flush();
        flushed.push(calls());
      }
    })();
    for (let i = 0; i < 8; i++) await stage.client.postBatch(some(100));
    await flushing;
    expect(flushed.at(-1)).toBeLessThan(800);
    await expectDelayOnly();
  });

  it('12. Redis SIGSTOP 60 s → API still answers 202; no pile-up, no duplicate after', async () => {
    await stage.client.postBatch(some(40));
    stage.stores.redis!.pause();
    const from = performance.now();
    await waitFor(
      async () => {
        await Promise.all(some(8).map((request) => stage.client.post(request)));
        return performance.now() - from > 60_000;
      },
      { within: 90_000, every: 1_000 },
    );
    stage.stores.redis!.resume();
    await expectDelayOnly('queue_unavailable');
    // What was written to a server that stood still is read when it goes on: stale by its numbers, and soon gone.
    await waitFor(async () => (await jobsInRedis()) === 0, { what: 'an empty queue' });
  });

  it('13. Redis kill -9, restarted empty → as 11', async () => {
    stage.providers.hooks.plan = () => ({ slowMs: 20 });
    await stage.client.postBatch(some(400));
    await waitFor(() => calls() >= 20, { every: 5 });
    await stage.stores.redis!.kill();
    await Promise.all(some(20).map((request) => stage.client.post(request)));
    await stage.stores.redis!.restart({ isEmpty: true });
    await expectDelayOnly();
  });

  it.each([
    ['READONLY', 'REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE'],
    ['OOM with noeviction', 'CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0'],
  ])('14. Redis %s → one alert, no flood of logs, recovers', async (_, harm, heal) => {
    await stage.client.postBatch(some(40));
    await stage.drain();
    const before = linesOf(stage).length;
    await stage.stores.redis!.ask(harm);
    const from = performance.now();
    await waitFor(
      async () => {
        await Promise.all(some(8).map((request) => stage.client.post(request)));
        return performance.now() - from > 15_000;
      },
      { every: 500 },
    );
    expect(calls()).toBe(40);
    // A line per ten seconds of each queue's worker (six), of each relay and of each connection (two processes, two each).
    const said = linesOf(stage).slice(before);
    expect(said.length, eventsIn(said)).toBeLessThan(60);
    await stage.stores.redis!.ask(heal);
    await expectDelayOnly('queue_unwritable');
  });
});
