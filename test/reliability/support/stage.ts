import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { ROOT, startServiceProcess, type TestProcess } from '../../support/service-process.js';
import { type AlertLedger, hasTold, readAlerts } from './alert-ledger.js';
import { Client } from './client.js';
import { readDatabaseLedger } from './database-ledger.js';
import { deploymentFile, type FileOptions } from './deployment-file.js';
import { judge, type JudgeOptions, RECOVERS_WITHIN_MS, type Verdict } from './judge.js';
import { type Providers, startProviders } from './providers.js';
import type { Stores } from './stores.js';
import { TcpProxy } from './tcp-proxy.js';

/**
 * A deployment to be broken: real processes of the built service, real stores, fakes that keep books, and a hop that can be
 * broken between any two of them.
 *
 * How a row is written (`test/reliability/*.test.ts`; one `it` a row, its title begins with the row's number and ends with
 * what is expected):
 *
 * 1. `const stage = await openStage(backend, options)` (from `row.ts`), `afterEach(() => stage.stop())`.
 * 2. `await stage.start('api,relay')`, `await stage.start('worker', { crashAt: 'after_claim_before_send' })`: as many
 *    processes as the row wants, each with its own crash point (`place[@type][#nth][:kill|block=ms]`).
 * 3. `await stage.client.post(hook(endpoint))`, `postBatch(many(50, () => letter()))`: everything the harness sends goes
 *    through the client, because its ledger is what is judged.
 * 4. Break something: `stage.hops.redis.set({ kind: 'freeze' })`, `stage.stores.redis!.kill()`,
 *    `stage.providers.hooks.plan = script('drop')`, `worker.signal('SIGSTOP')`. Wait for conditions with `waitFor`.
 * 5. Heal it; then `expectGreen(await stage.verdict())`: drains to empty, reads the four ledgers, judges. A row that expects
 *    an alert names it: `stage.verdict({ alerts: ['dead_letters'] })`.
 * 6. Say what is particular to the row by `expect`: how often a provider was called, what an attempt is told as.
 */
export class Stage {
  readonly apiKey = `ph_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
  readonly client = new Client(this.apiKey);
  readonly processes = new Set<TestProcess>();
  readonly pool: pg.Pool;
  private readonly encryptionKey = randomBytes(32).toString('base64');
  private readonly further: TcpProxy[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'posthaste-stage-'));

  private constructor(
    readonly stores: Stores,
    readonly providers: Providers,
    /** Between every process and its stores. */
    readonly hops: { postgres: TcpProxy; redis: TcpProxy | undefined },
    private readonly options: StageOptions,
  ) {
    this.pool = new pg.Pool({ connectionString: stores.databaseUrl, max: 3 });
    this.pool.on('error', () => undefined);
    writeFileSync(this.configFile, options.yaml?.(providers) ?? deploymentFile(providers, options.file));
  }

  static async open(stores: Stores, options: StageOptions = {}): Promise<Stage> {
    const providers = await startProviders();
    const postgres = await hopTo('postgres', stores.databaseUrl);
    const redis = stores.redis ? await hopTo('redis', stores.redis.url) : undefined;
    return new Stage(stores, providers, { postgres, redis }, options);
  }

  /** Starts a process with these roles; resolves when it is ready. An `api` is among the client's targets from then on. */
  async start(roles: string, options: StartOptions = {}): Promise<TestProcess> {
    const one = await startServiceProcess(roles, this.environment(options), flagsOf(options));
    this.processes.add(one);
    const isTarget = roles.includes('api') && options.isTarget !== false;
    const door = isTarget ? await this.hop('api', one.url) : undefined;
    const target = door?.through(one.url);
    void one.ended.then(() => {
      this.processes.delete(one);
      if (target !== undefined) this.client.remove(target);
    });
    if (options.isAwaited !== false) await this.untilReady(one);
    if (target !== undefined && this.processes.has(one)) this.client.add(target);
    return one;
  }

  /** One that does not come up is not left behind. */
  private async untilReady(one: TestProcess): Promise<void> {
    try {
      await one.ready();
    } catch (error) {
      await this.kill(one);
      throw error;
    }
  }

  /** A hop of its own to where this URL leads, for one process or one endpoint. */
  async hop(name: string, url: string): Promise<TcpProxy> {
    const proxy = await hopTo(name, url);
    this.further.push(proxy);
    return proxy;
  }

  /** kill -9; resolves when it is gone. */
  async kill(one: TestProcess): Promise<void> {
    one.signal('SIGKILL');
    await one.ended;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.processes].map((one) => this.kill(one)));
  }

  /** A subscriber at this path of the receiver. Patterns that match nothing: only what is sent to it by name arrives. */
  async createEndpoint(path = '/hook'): Promise<string> {
    const url = this.providers.hops.hooks.through(`http://127.0.0.1${path}`);
    const { id } = await this.client.call('POST', '/v1/endpoints', { url, types: ['harness.none'] });
    return id as string;
  }

  async countByStatus(): Promise<Record<string, number>> {
    const { rows } = await this.pool.query<{ status: string; count: number }>(
      `SELECT status, count(*)::integer AS count FROM notifications WHERE type NOT LIKE 'posthaste.%' GROUP BY status`,
    );
    return Object.fromEntries(rows.map((row) => [row.status, row.count]));
  }

  /** Waits until nothing waits and nothing is under way. Answers how long that took, ms; undefined when time was up. */
  async drain(withinMs = RECOVERS_WITHIN_MS): Promise<number | undefined> {
    const from = performance.now();
    while (performance.now() - from < withinMs) {
      const counts = await this.countByStatus().catch(() => undefined);
      if (counts && OPEN.every((status) => (counts[status] ?? 0) === 0)) return performance.now() - from;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return undefined;
  }

  /** Drains, reads the four ledgers, judges. Call it when everything is healed. */
  async verdict(options: JudgeOptions = {}): Promise<Verdict> {
    const recoveredInMs = await this.drain(options.recoversWithinMs);
    const evidence = {
      intents: this.client.intents,
      calls: this.providers.ledger.byNotification(),
      stored: await readDatabaseLedger(this.pool),
      alerts: await this.alerts(options.alerts),
      recoveredInMs,
      ownLagMs: this.client.ownLagMs,
    };
    return judge(evidence, options);
  }

  /** What was raised and told; waits for what is expected, which may be looked for only every few seconds. */
  private async alerts(expected: readonly string[] = []): Promise<AlertLedger> {
    const deadline = performance.now() + ALERTS_WITHIN_MS;
    for (;;) {
      const ledger = await readAlerts(this.pool, this.providers.alerts.told);
      if (hasTold(ledger, expected) || performance.now() > deadline) return ledger;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Everything every process wrote, for a row that counts lines. */
  output(): string {
    return [...this.processes].map((one) => one.output()).join('');
  }

  async stop(): Promise<void> {
    await this.killAll();
    await this.client.close();
    await this.pool.end();
    const { postgres, redis } = this.hops;
    const hops = [postgres, ...(redis ? [redis] : []), ...this.further];
    await Promise.all(hops.map((hop) => hop.stop()));
    await this.providers.stop();
    await this.stores.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get configFile(): string {
    return join(this.folder, 'posthaste.yaml');
  }

  private environment({ crashAt, env = {} }: StartOptions): Record<string, string> {
    const { postgres, redis } = this.hops;
    return {
      DATABASE_URL: postgres.through(this.stores.databaseUrl),
      ...(redis ? { REDIS_URL: redis.through(this.stores.redis!.url) } : {}),
      POSTHASTE_CONFIG: this.configFile,
      POSTHASTE_API_KEY: this.apiKey,
      ENCRYPTION_KEY: this.encryptionKey,
      ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }),
      ...this.options.env,
      ...env,
    };
  }
}

export interface StageOptions {
  file?: FileOptions;
  /** A posthaste.yaml of its own, in place of `deploymentFile`. */
  yaml?: (providers: Providers) => string;
  env?: Readonly<Record<string, string>>;
}

export interface StartOptions {
  /** `place[@type][#nth][:kill|block=ms]`; see test/reliability/faults/crash-point.mjs. */
  crashAt?: string;
  /** Modules of test/reliability/faults that break the service from inside. */
  sabotage?: readonly ('claim-without-guard' | 'upkeep-off')[];
  env?: Readonly<Record<string, string>>;
  /** False: does not wait until it is ready, for one that may die first. */
  isAwaited?: boolean;
  /** False: the client does not call it by itself, because something stands before it. */
  isTarget?: boolean;
}

/** After the fault is over its alert may still be on its way: a look every few seconds, and a call. */
const ALERTS_WITHIN_MS = 30_000;
const OPEN = ['accepted', 'scheduled', 'retrying', 'sending'];

function flagsOf({ sabotage = [] }: StartOptions): string[] {
  const imports = sabotage.map((name) => `--import=${join(ROOT, 'test/reliability/faults', `${name}.mjs`)}`);
  return ['--conditions=posthaste-faults', ...imports];
}

function hopTo(name: string, url: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(url);
  return TcpProxy.start(name, { host: hostname, port: Number(port) });
}
