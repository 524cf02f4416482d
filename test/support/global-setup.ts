import { rmSync } from 'node:fs';

import type { TestProject } from 'vitest/node';

import { EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { migrate } from './migrate.js';
import { execute } from './postgres-admin.js';
import { hasRedisServer, startRedis, type TestRedis } from './redis.js';
import { makeRunFolder, sweepRunFolders } from './run-folder.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A superuser's, to the database `postgres`. */
    postgresUrl: string;
    /** Migrated; nobody may connect to it, so that it can be cloned at any time. */
    templateDatabase: string;
    /** Shared by the run: files keep apart by a prefix of their own. Undefined: there is no Redis on this machine. */
    redisUrl: string | undefined;
  }
}

const TEMPLATE = 'posthaste_template';

/** One real PostgreSQL, and Redis where there is one, for all integration tests of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepRunFolders();
  const folder = makeRunFolder();
  const postgres = new EmbeddedPostgres({ folder });
  let redis: RunningRedis | undefined;
  const tearDown = async (): Promise<void> => {
    await redis?.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    redis = await chooseRedis();
    await postgres.start();
    await makeTemplate(postgres);
  } catch (error) {
    await tearDown();
    throw error;
  }
  project.provide('postgresUrl', postgres.url());
  project.provide('templateDatabase', TEMPLATE);
  project.provide('redisUrl', redis?.url);
  return tearDown;
}

async function makeTemplate(postgres: EmbeddedPostgres): Promise<void> {
  await postgres.ensureDatabase(TEMPLATE);
  await migrate(postgres.url(TEMPLATE));
  await execute(postgres.url(), `ALTER DATABASE ${TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
}

type RunningRedis = Pick<TestRedis, 'url' | 'end'>;

/** REDIS_URL, else one of our own. `REQUIRE_REDIS=1` (CI) makes its absence a failure instead of fewer tests. */
async function chooseRedis(): Promise<RunningRedis | undefined> {
  const given = process.env['REDIS_URL'];
  if (given) return { url: given, end: async () => undefined };
  if (hasRedisServer()) return startRedis();
  if (process.env['REQUIRE_REDIS'] === '1') {
    throw new Error('REQUIRE_REDIS=1, but there is neither a redis-server on the PATH nor a REDIS_URL.');
  }
  return undefined;
}
