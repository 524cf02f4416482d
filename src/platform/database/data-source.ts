import { fileURLToPath } from 'node:url';

import { DataSource, type DataSourceOptions } from 'typeorm';

import { MIGRATIONS_GLOB } from './migrations.js';

/** Reads and everyday writes: an operator waits for these, so they may take longer than the door's. */
const EVERYDAY_POOL_SIZE = 4;
const CONNECT_TIMEOUT_MS = 3_000;

/** `entities`: of the slices that the caller composes. Migrations are not among it: see createDataSource. */
export function dataSourceOptions(
  url: string,
  entities: NonNullable<DataSourceOptions['entities']> = [],
): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities,
    migrationsTableName: 'migrations',
    synchronize: false,
    poolSize: EVERYDAY_POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: {
      application_name: 'posthaste',
      keepAlive: true,
      statement_timeout: 5_000,
      lock_timeout: 2_000,
      // A frozen server answers no timeout of its own: only the client's fires.
      query_timeout: 7_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}

/**
 * Who alters a table waits for everybody who uses it, and everybody who comes then waits behind: so it waits no longer than
 * callers can, gives up, and is tried again. Milliseconds.
 */
const MIGRATION_LOCK_TIMEOUT_MS = 1_000;

/** For migrations and tools: a statement takes what it takes, its locks do not. */
export function createDataSource(url: string): DataSource {
  return new DataSource({
    ...dataSourceOptions(url),
    migrations: [fileURLToPath(MIGRATIONS_GLOB)],
    extra: { application_name: 'posthaste-migrate', lock_timeout: MIGRATION_LOCK_TIMEOUT_MS },
  });
}
