import { readdirSync } from 'node:fs';

import type { DataSource } from 'typeorm';

const FOLDER = new URL('../../../migrations/', import.meta.url);
const FILE = /^(\d{13})-[a-z-]+\.[tj]s$/;
const UNDEFINED_TABLE = '42P01';

/** What TypeORM is to run; imported only by who runs them. */
export const MIGRATIONS_GLOB = new URL('*.{ts,js}', FOLDER);

/**
 * The migrations of this version that the database has not had, by the timestamps in their files' names: a process that
 * only asks need not import them all.
 */
export async function pendingMigrations(dataSource: Pick<DataSource, 'query'>): Promise<string[]> {
  const applied = await appliedTimestamps(dataSource);
  return readdirSync(FOLDER).filter((name) => {
    const timestamp = FILE.exec(name)?.[1];
    return timestamp !== undefined && !applied.has(timestamp);
  });
}

async function appliedTimestamps(dataSource: Pick<DataSource, 'query'>): Promise<Set<string>> {
  try {
    const rows: { timestamp: string }[] = await dataSource.query(`SELECT timestamp::text FROM migrations`);
    return new Set(rows.map((row) => row.timestamp));
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return new Set();
    throw error;
  }
}
