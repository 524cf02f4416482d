import { afterEach, describe, expect, it } from 'vitest';

import type { TestProcess } from '../support/service-process.js';
import { waitFor } from '../support/wait-for.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import type { NotificationRequest, Try } from './support/client.js';
import { ReadyBalancer } from './support/ready-balancer.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, letter } from './support/workload.js';

/** How many callers send at any time, each one request after the other, on connections that are kept. */
const CALLERS = 8;
const DRAIN_DELAY = '2s';
const ROLES = ['api', 'relay', 'worker'] as const;

/** Sends until told to stop. */
class SteadyLoad {
  private isOver = false;
  private readonly callers: Promise<void>[];

  constructor(
    private readonly stage: Stage,
    private readonly next: (i: number) => NotificationRequest,
  ) {
    this.callers = Array.from({ length: CALLERS }, (_, i) => this.call(i));
  }

  get tries(): Try[] {
    return this.stage.client.intents.flatMap(({ tries }) => tries);
  }

  /** Resolves when that many more were answered: what is to be seen under load has had its chance. */
  async more(count: number): Promise<void> {
    const from = this.tries.length;
    await waitFor(() => this.tries.length >= from + count, {
      within: 60_000,
      what: `${count} more requests`,
    });
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.callers);
  }

  private async call(first: number): Promise<void> {
    for (let i = first; !this.isOver; i++) await this.stage.client.post(this.next(i));
  }
}

describe.each(BACKENDS)('a rolling restart (%s)', (backend) => {
  let stage: Stage;
  let balancer: ReadyBalancer;

  afterEach(async () => {
    await balancer.stop();
    await stage.stop();
  });

  const startOne = async (role: string): Promise<TestProcess> => {
    const one = await stage.start(role, { isTarget: false, env: { DRAIN_DELAY } });
    if (role === 'api') await balancer.add(one.url);
    return one;
  };
  /** `surge`: the new one is up before the old one is told to end; else the other of its role carries the load meanwhile. */
  const replace = async (role: string, old: TestProcess, isSurge: boolean): Promise<void> => {
    const fresh = isSurge ? await startOne(role) : undefined;
    old.signal('SIGTERM');
    expect(await old.ended).toBe(0);
    await (fresh ?? startOne(role));
  };

  it('25. SIGTERM of every process in turn, two of each role, under steady load → no request fails, nothing lost or doubled', async () => {
    stage = await openStage(backend);
    balancer = await ReadyBalancer.start();
    const running: [string, TestProcess][] = [];
    for (const role of ROLES) for (let i = 0; i < 2; i++) running.push([role, await startOne(role)]);
    stage.client.add(balancer.url);
    const endpoint = await stage.createEndpoint();
    const load = new SteadyLoad(stage, (i) => (i % 2 === 0 ? letter() : hook(endpoint)));
    await load.more(100);
    for (const [i, [role, old]] of running.entries()) {
      await replace(role, old, i % 2 === 0);
      await load.more(50);
    }
    await load.end();

    const failed = load.tries.filter(({ status }) => status !== 202);
    const slowestMs = Math.max(...load.tries.map(({ ms }) => ms));
    console.info(
      `rolling restart (${backend}): ${running.length} processes replaced, ${load.tries.length} requests, ` +
        `${failed.length} failed, slowest ${Math.round(slowestMs)} ms, ` +
        `connections ${[...balancer.connections.values()].join('+')}`,
    );
    expect(failed).toEqual([]);
    expect(balancer.refused).toBe(0);
    const [first, second] = running.map(([, { url }]) => balancer.connections.get(url) ?? 0);
    expect(Math.min(first!, second!)).toBeGreaterThan(0); // or nobody's door was closed under load
    expectGreen(await stage.verdict());
    const attempts = (await readDatabaseLedger(stage.pool)).flatMap((row) => row.attempts);
    expect(attempts.filter(({ outcome }) => outcome !== 'taken')).toEqual([]);
  });
});
