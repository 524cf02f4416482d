import { randomBytes } from 'node:crypto';

import pg from 'pg';
import { DataSource } from 'typeorm';

import { CreateSandbox1763800000002 } from '../../../migrations/1763800000002-create-sandbox.js';
import { CreateAccess1763800000005 } from '../../../migrations/1763800000005-create-access.js';

/** A database of its own, with only what the sandbox stands on. `TEST_DATABASE_URL` names a server that may make one. */
export async function createSandboxDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server)
    throw new Error('TEST_DATABASE_URL must name a PostgreSQL on which a database may be created.');
  const name = `sandbox_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const migrations = [CreateSandbox1763800000002, CreateAccess1763800000005];
  const source = await new DataSource({ type: 'postgres', url: url.href, migrations }).initialize();
  await source.runMigrations();
  await source.destroy();
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function onServer(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
