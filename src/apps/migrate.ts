import { setTimeout as pause } from 'node:timers/promises';

import { runMigrations } from 'bullmq';
import pg from 'pg';

import { ConfigError, loadConfig } from '../platform/config/config.js';
import { type AppRole, grantToApp, roleIn } from '../platform/database/app-role.js';
import { createDataSource } from '../platform/database/data-source.js';
import { pendingMigrations } from '../platform/database/migrations.js';
import { isMain } from './is-main.js';

/** One migration at a time, whoever starts it ("PHMI" in ASCII). */
const MIGRATION_LOCK = 0x50484d49;
const LOOK_AGAIN_MS = 250;
/** PostgreSQL, appendix A: lock_not_available. */
const LOCK_NOT_AVAILABLE = '55P03';
/** A table is used by statements of milliseconds; who holds one for half a minute is a person. */
const TRIES = 30;

/** Brings the database to this version: our tables, and BullMQ's own where its queues live in PostgreSQL too. */
export async function migrate(
  databaseUrl: string,
  hasQueuesInPostgres: boolean,
  appRole?: AppRole,
): Promise<string[]> {
  const owner = new pg.Client({ connectionString: databaseUrl, application_name: 'posthaste-migrate' });
  await owner.connect();
  try {
    await takeLock(owner);
    const applied = await runOurs(databaseUrl);
    if (hasQueuesInPostgres) await runMigrations(owner);
    if (appRole) await grantToApp(owner, appRole);
    return applied;
  } finally {
    await owner.end();
  }
}

/**
 * Asked for again and again, not waited for: a statement that waits holds a snapshot, and an index that another migration
 * builds beside the service would wait for that snapshot, for ever.
 */
async function takeLock(owner: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ isOurs: boolean }>(`SELECT pg_try_advisory_lock($1) AS "isOurs"`, [
      MIGRATION_LOCK,
    ]);
    if (rows[0]!.isOurs) return;
    await pause(LOOK_AGAIN_MS);
  }
}

/** Each migration is a commit of its own, so what was applied before a lock could not be had stays. */
async function runOurs(databaseUrl: string): Promise<string[]> {
  const dataSource = createDataSource(databaseUrl);
  await dataSource.initialize();
  try {
    const due = await pendingMigrations(dataSource);
    for (let tries = 1; ; tries++) {
      try {
        await dataSource.runMigrations({ transaction: 'each' });
        return due.map((file) => file.replace(/\.[jt]s$/, ''));
      } catch (error) {
        if (tries === TRIES || codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
        await pause(LOOK_AGAIN_MS);
      }
    }
  } finally {
    await dataSource.destroy();
  }
}

const codeOf = (error: unknown): string | undefined =>
  (error as { code?: string; driverError?: { code?: string } }).driverError?.code ??
  (error as { code?: string }).code;

/** `npm run migrate`. */
export async function main(): Promise<void> {
  const { environment } = loadConfig();
  const { databaseUrl, migrateDatabaseUrl, redisUrl } = environment;
  const ownerUrl = migrateDatabaseUrl ?? databaseUrl;
  if (ownerUrl === undefined) throw new ConfigError(['DATABASE_URL must be set.']);
  const applied = await migrate(ownerUrl, redisUrl === undefined, appRoleOf(databaseUrl, migrateDatabaseUrl));
  process.stdout.write(
    applied.length === 0 ? 'The database is up to date.\n' : `Applied: ${applied.join(', ')}\n`,
  );
}

/** Whom to let in; undefined: the owner runs the service himself. */
export function appRoleOf(
  databaseUrl: string | undefined,
  ownerUrl: string | undefined,
): AppRole | undefined {
  if (databaseUrl === undefined || ownerUrl === undefined) return undefined;
  const role = roleIn(databaseUrl);
  return role?.name === roleIn(ownerUrl)?.name ? undefined : role;
}

if (isMain(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  });
}
