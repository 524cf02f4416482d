import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startCluster, type TestPostgres } from '../../support/own-postgres.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { ROOT } from '../../support/service-process.js';

/** What a deployment keeps its truth and its hints in. */
export interface Stores {
  databaseUrl: string;
  /** Only of stores that may be broken. */
  postgres?: TestPostgres;
  /** Undefined: the queues live in PostgreSQL. */
  redis?: TestRedis;
  end(): Promise<void>;
}

/** A PostgreSQL and (for that backend) a Redis that nobody else uses: they may be killed. */
export async function ownStores(
  backend: 'redis' | 'postgresql',
  settings: Readonly<Record<string, string>> = {},
  folder?: string,
): Promise<Stores & { postgres: TestPostgres }> {
  const postgres = await startCluster(migrateAsBuilt, settings, folder);
  const redis = backend === 'redis' ? await startRedis() : undefined;
  return {
    databaseUrl: postgres.url,
    postgres,
    ...(redis ? { redis } : {}),
    end: async () => {
      await redis?.end();
      await postgres.end();
    },
  };
}

/** As an operator does, so that the storm needs nothing but `dist`. */
async function migrateAsBuilt(url: string): Promise<void> {
  const program = join(ROOT, 'dist/src/apps/migrate.js');
  await promisify(execFile)(process.execPath, [program], { cwd: ROOT, env: { DATABASE_URL: url } });
}
