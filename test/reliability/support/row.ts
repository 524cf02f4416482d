import { expect } from 'vitest';

import { createDatabase } from '../../support/postgres.js';
import { startRedis } from '../../support/redis.js';
import type { Backend } from '../../support/service.js';
import type { Verdict } from './judge.js';
import { Stage, type StageOptions } from './stage.js';
import { ownStores, type Stores } from './stores.js';
import { isGreen, verdictText } from './verdict-text.js';

export { BACKENDS } from '../../support/service.js';

export interface RowOptions extends StageOptions {
  /** A PostgreSQL of its own, with these settings, for a row that breaks it; else a database in the run's. */
  ownPostgres?: Readonly<Record<string, string>> | boolean;
}

/** A stage for one row, in Vitest. */
export async function openStage(backend: Backend, options: RowOptions = {}): Promise<Stage> {
  return Stage.open(await storesFor(backend, options.ownPostgres), options);
}

/** The same for rows that run side by side: each has a stage of its own, stopped with it. */
export async function onStage(
  backend: Backend,
  options: RowOptions,
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await openStage(backend, options);
  try {
    await run(stage);
  } finally {
    await stage.stop();
  }
}

async function storesFor(backend: Backend, ownPostgres: RowOptions['ownPostgres']): Promise<Stores> {
  if (ownPostgres) return ownStores(backend, ownPostgres === true ? {} : ownPostgres);
  const database = await createDatabase();
  const redis = backend === 'redis' ? await startRedis() : undefined;
  return {
    databaseUrl: database.url,
    ...(redis ? { redis } : {}),
    end: async () => {
      await redis?.end();
      await database.drop();
    },
  };
}

/** No invariant is broken; a failure shows the table and the stories. */
export function expectGreen(verdict: Verdict): void {
  expect(isGreen(verdict), verdictText('this row', verdict)).toBe(true);
}
