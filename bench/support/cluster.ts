import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';

import pg from 'pg';

import { migrate } from '../../src/apps/migrate.js';
import { freePort } from '../../src/embedded/free-port.js';
import { EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { cpuSecondsOf, cpuSecondsOfFamily } from './cpu.js';
import { root } from './root.js';
import { waitFor } from './wait-for.js';

/**
 * The stores, as production runs them: PostgreSQL with fsync and synchronous commits, Redis with AOF everysec. On the
 * disk of the checkout, never in memory; removed at the end.
 */
export class Cluster {
  private constructor(
    readonly folder: string,
    private readonly postgres: EmbeddedPostgres,
    private readonly redis: { server: ChildProcess; url: string } | undefined,
  ) {}

  static async start(needsRedis: boolean): Promise<Cluster> {
    const parent = join(root, '.posthaste');
    mkdirSync(parent, { recursive: true, mode: 0o711 });
    const folder = mkdtempSync(join(parent, 'bench-'));
    chmodSync(folder, 0o711); // as root, PostgreSQL runs as another user, who must pass
    const postgres = new EmbeddedPostgres({ folder });
    await postgres.start();
    try {
      return new Cluster(folder, postgres, needsRedis ? await startRedis(folder) : undefined);
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  get redisUrl(): string {
    if (!this.redis) throw new Error('This question runs without Redis.');
    return this.redis.url;
  }

  /** An empty database. */
  async createDatabase(name: string): Promise<string> {
    await this.postgres.ensureDatabase(name);
    return this.postgres.url(name);
  }

  /** A database with our tables, and BullMQ's. */
  async createMigrated(name: string): Promise<string> {
    const url = await this.createDatabase(name);
    await migrate(url, true);
    return url;
  }

  /** CPU seconds so far. */
  cpu(): { postgres: number; redis: number } {
    return {
      postgres: cpuSecondsOfFamily(this.postgres.pid!),
      redis: this.redis ? cpuSecondsOf(this.redis.server.pid!) : 0,
    };
  }

  async end(): Promise<void> {
    this.redis?.server.kill('SIGKILL');
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function query<R extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}

export async function countOf(url: string, from: string): Promise<number> {
  const [row] = await query<{ count: number }>(url, `SELECT count(*)::integer AS count FROM ${from}`);
  return row!.count;
}

async function startRedis(folder: string): Promise<{ server: ChildProcess; url: string }> {
  const port = await freePort();
  const flags = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
  ];
  const server = spawn(
    'redis-server',
    [...flags, '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
    {
      stdio: 'ignore',
    },
  );
  server.once('error', () => undefined); // waited for below
  await waitFor('a redis-server (it must be on the PATH)', () => answers(port), 10_000);
  return { server, url: `redis://127.0.0.1:${port}` };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true) ?? socket.destroy());
    socket.once('error', () => resolve(false));
  });
