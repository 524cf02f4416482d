import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';
import { inject } from 'vitest';

import { createDatabase } from './postgres.js';
import { startRedis, type TestRedis } from './redis.js';
import { startServiceProcess, type TestProcess } from './service-process.js';
import { waitFor } from './wait-for.js';

export type { TestProcess } from './service-process.js';

export type Backend = 'postgresql' | 'redis';

/** The queue backends that this run tests. In CI both are there: the run fails at its start without Redis. */
export const BACKENDS: readonly Backend[] =
  inject('redisUrl') === undefined ? ['postgresql'] : ['redis', 'postgresql'];

export interface ServiceOptions {
  backend: Backend;
  yaml?: string;
  env?: Record<string, string>;
  /** An own cluster's URL, for tests that break PostgreSQL; default: a database of its own in the run's. */
  databaseUrl?: string;
}

/** A deployment under test: a database, a queue backend, a configuration, and processes of the built service. */
export class TestService {
  readonly apiKey = `ph_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
  readonly processes = new Set<TestProcess>();
  private readonly encryptionKey = randomBytes(32).toString('base64');

  private constructor(
    readonly databaseUrl: string,
    readonly pool: pg.Pool,
    readonly redis: TestRedis | undefined,
    private readonly folder: string,
    private readonly options: ServiceOptions,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create(options: ServiceOptions): Promise<TestService> {
    const database = options.databaseUrl
      ? { url: options.databaseUrl, drop: async () => undefined }
      : await createDatabase();
    const redis = options.backend === 'redis' ? await startRedis() : undefined;
    const folder = mkdtempSync(join(tmpdir(), 'posthaste-service-'));
    writeFileSync(
      join(folder, 'posthaste.yaml'),
      options.yaml ?? 'providers:\n  - { name: webhooks, channel: webhook, kind: http }\n',
    );
    const pool = new pg.Pool({ connectionString: database.url, max: 3 });
    pool.on('error', () => undefined);
    return new TestService(database.url, pool, redis, folder, options, () => database.drop());
  }

  /** Starts a process with these roles; resolves when it is ready. */
  async start(roles = 'api,relay,worker', env: Record<string, string> = {}): Promise<TestProcess> {
    for (;;) {
      const one = await this.begin(roles, env);
      try {
        await one.ready();
        return one;
      } catch (error) {
        // Another test's process took the port between the look and the start: with the next one it is our turn.
        if (!one.output().includes('EADDRINUSE')) throw error;
      }
    }
  }

  private async begin(roles: string, env: Record<string, string>): Promise<TestProcess> {
    const one = await startServiceProcess(roles, {
      DATABASE_URL: this.databaseUrl,
      ...(this.redis ? { REDIS_URL: this.redis.url } : {}),
      POSTHASTE_CONFIG: join(this.folder, 'posthaste.yaml'),
      POSTHASTE_API_KEY: this.apiKey,
      ENCRYPTION_KEY: this.encryptionKey,
      ...this.options.env,
      ...env,
    });
    this.processes.add(one);
    void one.ended.then(() => this.processes.delete(one));
    return one;
  }

  /** kill -9 of every process at once. */
  async killAll(): Promise<void> {
    const all = [...this.processes];
    all.forEach((one) => one.signal('SIGKILL'));
    await Promise.all(all.map((one) => one.ended));
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    at?: TestProcess,
  ): Promise<{ status: number; body: any }> {
    const { url } = at ?? [...this.processes][0]!;
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  async createEndpoint(url: string): Promise<string> {
    const { status, body } = await this.request('POST', '/v1/endpoints', { url, types: ['*'] });
    if (status !== 201) throw new Error(`The endpoint was refused: ${JSON.stringify(body)}`);
    return body.id as string;
  }

  /** Sends these in batches; answers the ids of those accepted. */
  async sendAll(notifications: readonly object[]): Promise<string[]> {
    const ids: string[] = [];
    for (let at = 0; at < notifications.length; at += 1000) {
      const { status, body } = await this.request('POST', '/v1/notifications/batch', {
        notifications: notifications.slice(at, at + 1000),
      });
      if (status !== 200) throw new Error(`The batch was refused: ${JSON.stringify(body)}`);
      for (const result of body.results) {
        if (result.http_status >= 300) throw new Error(`An item was refused: ${JSON.stringify(result)}`);
        ids.push(result.id as string);
      }
    }
    return ids;
  }

  async countByStatus(): Promise<Record<string, number>> {
    const { rows } = await this.pool.query<{ status: string; count: number }>(
      'SELECT status, count(*)::integer AS count FROM notifications GROUP BY status',
    );
    return Object.fromEntries(rows.map((row) => [row.status, row.count]));
  }

  /** Resolves when nothing waits and nothing is under way any more. */
  async settled(within = 60_000): Promise<Record<string, number>> {
    return waitFor(
      async () => {
        const counts = await this.countByStatus();
        const open = ['accepted', 'scheduled', 'retrying', 'sending'].some(
          (status) => (counts[status] ?? 0) > 0,
        );
        return open ? undefined : counts;
      },
      { within, every: 200, what: 'everything settled' },
    );
  }

  async stop(): Promise<void> {
    await this.killAll();
    await this.pool.end();
    await this.redis?.end();
    await this.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
