import { rmSync } from 'node:fs';

import { EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { endsWithin } from '../../src/embedded/process-table.js';
import { makeRunFolder } from './run-folder.js';

/** A cluster of its own, for tests that break it. The port stays the same over kill and restart. */
export interface TestPostgres {
  /** Of its migrated database. */
  url: string;
  /** Of its postmaster, while it runs. */
  pid(): number | undefined;
  /** kill -9 of the postmaster. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Fast shutdown: a checkpoint, connections cut. */
  stop(): Promise<void>;
  /** After kill or stop. Resolves when it takes connections. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  end(): Promise<void>;
}

export async function startCluster(
  migrate: (url: string) => Promise<void>,
  settings: Readonly<Record<string, string>> = {},
  folder = makeRunFolder(),
): Promise<TestPostgres> {
  const postgres = new EmbeddedPostgres({ folder, settings });
  await postgres.start();
  await postgres.ensureDatabase('posthaste');
  await migrate(postgres.url('posthaste'));
  return {
    url: postgres.url('posthaste'),
    pid: () => postgres.pid,
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
