import { readdirSync } from 'node:fs';

import { runMigrations } from 'bullmq';
import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';

import { dataSourceOptions } from '../../src/platform/database/data-source.js';

const FOLDER = new URL('../../migrations/', import.meta.url);

/** Brings a database to the newest schema: ours, and the one in which BullMQ keeps its queues without Redis. */
export async function migrate(url: string): Promise<void> {
  // Imported here, through Vitest: TypeORM would import them by itself, and Node 20 reads no TypeScript.
  const migrations = await importMigrations();
  const source = new DataSource({ ...dataSourceOptions(url), migrations, extra: {} });
  await source.initialize();
  try {
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await source.destroy();
  }
  await migrateQueues(url);
}

type Migration = new () => MigrationInterface;

async function importMigrations(): Promise<Migration[]> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  const modules = await Promise.all(
    names.sort().map((name) => import(new URL(name, FOLDER).href) as Promise<Record<string, Migration>>),
  );
  return modules.flatMap((module) => Object.values(module).filter((value) => typeof value === 'function'));
}

async function migrateQueues(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await runMigrations(client);
  } finally {
    await client.end();
  }
}
