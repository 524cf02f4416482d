import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { inject } from 'vitest';

import { execute } from './postgres-admin.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** An empty database with an owner who is no superuser, and the URL of a service's role that is still to be made. */
export interface OwnedDatabase {
  ownerUrl: string;
  appUrl: string;
  /** `npm run migrate`; answers what it wrote. */
  migrate(): Promise<string>;
  drop(): Promise<void>;
}

export async function createOwnedDatabase(): Promise<OwnedDatabase> {
  const admin = inject('postgresUrl');
  const tag = randomBytes(6).toString('hex');
  const [database, owner, app] = [`o_${tag}`, `owner_${tag}`, `app_${tag}`];
  await execute(admin, `CREATE ROLE ${owner} LOGIN NOSUPERUSER CREATEROLE PASSWORD '${tag}'`);
  await execute(admin, `CREATE DATABASE ${database} OWNER ${owner}`);
  const urlOf = (user: string): string =>
    Object.assign(new URL(admin), { username: user, password: tag, pathname: `/${database}` }).href;
  const [ownerUrl, appUrl] = [urlOf(owner), urlOf(app)];
  return {
    ownerUrl,
    appUrl,
    migrate: async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ['dist/src/apps/migrate.js'], {
        cwd: ROOT,
        env: { DATABASE_URL: appUrl, MIGRATE_DATABASE_URL: ownerUrl },
      });
      return stdout;
    },
    drop: async () => {
      await execute(admin, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await execute(admin, `DROP ROLE IF EXISTS ${app}`);
      await execute(admin, `DROP ROLE ${owner}`);
    },
  };
}
