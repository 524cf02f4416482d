import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';

import { inject } from 'vitest';

import { EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { endsWithin } from '../../src/embedded/process-table.js';
import { migrate } from './migrate.js';
import { execute } from './postgres-admin.js';
import { makeRunFolder } from './run-folder.js';

export interface TestDatabase {
  url: string;
  /** Also when connections are left. */
  drop(): Promise<void>;
}

/** A migrated database of its own for one test file, cloned from the run's template. */
export async function createDatabase(): Promise<TestDatabase> {
  const admin = inject('postgresUrl');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await execute(admin, `CREATE DATABASE ${name} TEMPLATE ${inject('templateDatabase')}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** A cluster of its own, for tests that break it. The port stays the same over kill and restart. */
export interface TestPostgres {
  /** Of its migrated database. */
  url: string;
  /** kill -9 of the postmaster. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Fast shutdown: a checkpoint, connections cut. */
  stop(): Promise<void>;
  /** After kill or stop. Resolves when it takes connections. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  end(): Promise<void>;
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const folder = makeRunFolder();
  const postgres = new EmbeddedPostgres({ folder, settings });
  await postgres.start();
  await postgres.ensureDatabase('posthaste');
  await migrate(postgres.url('posthaste'));
  return {
    url: postgres.url('posthaste'),
    kill: async () => {
      const { pid } = postgres;
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      await endsWithin(pid, 5_000);
    },
    stop: () => postgres.stop(),
    restart: () => postgres.start(),
    end: async () => {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
