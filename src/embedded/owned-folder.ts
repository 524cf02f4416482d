import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { PostgresAccount } from './postgres-account.js';

/** Whether that account can walk down to the folder: asked of the kernel, which knows modes, groups, ACLs and mounts. */
export function canReach(account: PostgresAccount, folder: string): boolean {
  if (!account.identity) return true;
  const asked = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], {
    ...account.identity,
    cwd: '/',
    stdio: 'ignore',
  });
  return asked.status === 0;
}

/**
 * Makes a folder for us to keep things in, or takes the one that is there when nobody else could have planted it.
 * Matters to root only: someone who may write where root takes its binaries from, is root.
 */
export function claimFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  if (!isOurs) {
    throw new EmbeddedPostgresError(
      `${folder} was made by someone else, or others may write to it: PostgreSQL is not run from there. Remove it and start again.`,
    );
  }
  return folder;
}

/** A folder that only the account may enter, as PostgreSQL demands of its data. */
export function makePrivateFolder(folder: string, account: PostgresAccount): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (account.identity) chownSync(folder, account.identity.uid, account.identity.gid);
}
