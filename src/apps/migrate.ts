import { runMigrations } from 'bullmq';
import pg from 'pg';

import { ConfigError, loadConfig } from '../platform/config/config.js';
import { createDataSource } from '../platform/database/data-source.js';
import { isMain } from './is-main.js';

/** One migration at a time, whoever starts it ("PHMI" in ASCII). */
const MIGRATION_LOCK = 0x50484d49;

/** Brings the database to this version: our tables, and BullMQ's own where its queues live in PostgreSQL too. */
export async function migrate(databaseUrl: string, hasQueuesInPostgres: boolean): Promise<string[]> {
  const lock = new pg.Client({ connectionString: databaseUrl, application_name: 'posthaste-migrate' });
  await lock.connect();
  const dataSource = createDataSource(databaseUrl);
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.initialize();
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    if (hasQueuesInPostgres) await runMigrations(lock);
    return applied.map((migration) => migration.name);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await lock.end();
  }
}

/** `npm run migrate`. */
export async function main(): Promise<void> {
  const { environment } = loadConfig();
  if (environment.databaseUrl === undefined) throw new ConfigError(['DATABASE_URL must be set.']);
  const applied = await migrate(environment.databaseUrl, environment.redisUrl === undefined);
  process.stdout.write(
    applied.length === 0 ? 'The database is up to date.\n' : `Applied: ${applied.join(', ')}\n`,
  );
}

if (isMain(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  });
}
