import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { EmbeddedPostgres } from '../../../src/embedded/postgres.js';
import { endsWithin, systemProcesses } from '../../../src/embedded/process-table.js';
import { execute } from '../../support/postgres-admin.js';
import { makeRunFolder } from '../../support/run-folder.js';

describe('the embedded PostgreSQL', () => {
  let root: string;
  let folder: string;
  let started: EmbeddedPostgres[];

  beforeEach(() => {
    root = makeRunFolder();
    folder = join(root, 'a path with spaces');
    mkdirSync(folder);
    started = [];
  });

  afterEach(async () => {
    for (const postgres of started) await postgres.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const begin = async (more: { onDeath?: (words: string) => void; report?: (line: string) => void } = {}) => {
    const postgres = new EmbeddedPostgres({ folder, ...more });
    started.push(postgres);
    await postgres.start();
    return postgres;
  };

  const rows = async (postgres: EmbeddedPostgres): Promise<number> => {
    const client = new pg.Client({ connectionString: postgres.url('posthaste') });
    await client.connect();
    const found = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM kept');
    await client.end();
    return found.rows[0]!.count;
  };

  const keepARow = async (postgres: EmbeddedPostgres): Promise<void> => {
    await postgres.ensureDatabase('posthaste');
    await execute(postgres.url('posthaste'), 'CREATE TABLE kept AS SELECT 1 AS n');
  };

  it('keeps its data, port and password between starts, and the password to its owner', async () => {
    const first = await begin();
    await keepARow(first);
    const url = first.url('posthaste');
    await first.stop();
    const second = await begin();
    expect(second.url('posthaste')).toBe(url);
    expect(await rows(second)).toBe(1);
    expect(statSync(join(folder, 'postgres.json')).mode & 0o777).toBe(0o600);
  });

  it('ends the one that a killed start left behind, and starts on the same data', async () => {
    const killed = await begin();
    await keepARow(killed);
    const lines: string[] = [];
    const next = await begin({ report: (line) => lines.push(line) });
    expect(lines.join()).toContain(`pid ${killed.pid}`);
    expect(systemProcesses.isAlive(killed.pid!)).toBe(false);
    expect(await rows(next)).toBe(1);
  });

  it('recovers after kill -9, and says that it died', async () => {
    const deaths: string[] = [];
    const postgres = await begin({ onDeath: (words) => deaths.push(words) });
    await keepARow(postgres);
    process.kill(postgres.pid!, 'SIGKILL');
    await endsWithin(postgres.pid!, 5_000);
    await postgres.start();
    expect(await rows(postgres)).toBe(1);
    expect(deaths).toHaveLength(1);
    expect(deaths[0]).toContain('ready to accept connections');
  });

  it('never signals a stranger that got the pid of its postmaster', async () => {
    const first = await begin();
    await first.stop();
    const stranger: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], {
      stdio: 'ignore',
    });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    writeFileSync(join(folder, 'postgres', 'data', 'postmaster.pid'), `${stranger.pid}\n`);
    await begin();
    expect(systemProcesses.isAlive(stranger.pid!)).toBe(true);
  });

  it('takes another port when its own is taken', async () => {
    const first = await begin();
    const port = Number(new URL(first.url()).port);
    await first.stop();
    const thief: Server = createServer();
    await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve));
    const second = await begin();
    expect(Number(new URL(second.url()).port)).not.toBe(port);
    await new Promise((resolve) => thief.close(resolve));
  });

  it('refuses the data of another major version with what to do', async () => {
    const first = await begin();
    await first.stop();
    writeFileSync(join(folder, 'postgres', 'data', 'PG_VERSION'), '17\n');
    await expect(begin()).rejects.toThrow(/made by PostgreSQL 17.*move the folder away/s);
  });

  it('can be stopped while it starts', async () => {
    const postgres = new EmbeddedPostgres({ folder });
    started.push(postgres);
    const starting = postgres.start().catch((error: Error) => error.message);
    await postgres.stop();
    expect(await starting).toContain('stopped while it started');
    expect((await begin()).pid).toBeGreaterThan(0);
  });

  it('is durable, and listens at the loopback only', async () => {
    const postgres = await begin();
    const client = new pg.Client({ connectionString: postgres.url() });
    await client.connect();
    const shown = await client.query<{ name: string; setting: string }>(
      `SELECT name, current_setting(name) AS setting FROM pg_settings
       WHERE name IN ('fsync', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories')`,
    );
    await client.end();
    expect(Object.fromEntries(shown.rows.map((row) => [row.name, row.setting]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
    });
  });

  it('gives its children nothing of our environment', async () => {
    const postgres = await begin();
    expect(readFileSync(`/proc/${postgres.pid}/environ`, 'utf8').split('\0').filter(Boolean).sort()).toEqual([
      'LC_ALL=C',
      expect.stringMatching(/^PATH=/),
      'TZ=UTC',
    ]);
  });
});
