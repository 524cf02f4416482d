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

/** For migrations and tools: no timeouts, an index on a large table takes what it takes. */
export function createDataSource(url: string): DataSource {
  return new DataSource({
    ...dataSourceOptions(url),
    migrations: [fileURLToPath(MIGRATIONS_GLOB)],
    extra: { application_name: 'posthaste-migrate' },
  });
}
