import { randomUUID } from 'node:crypto';

import { inject } from 'vitest';

import { migrate } from './migrate.js';
import { startCluster, type TestPostgres } from './own-postgres.js';
import { execute } from './postgres-admin.js';

export type { TestPostgres } from './own-postgres.js';

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

/** A migrated cluster of its own, for tests that break it. */
export const startPostgres = (settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> =>
  startCluster(migrate, settings);
