import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { canReach, claimFolder, makePrivateFolder } from './owned-folder.js';
import type { PostgresAccount } from './postgres-account.js';

/** Where root keeps what its PostgreSQL account must reach, when the checkout is closed to that account. */
const OUTSIDE = '/var/lib/posthaste';

/**
 * Picks the data folder: below `folder` (kept with the checkout), or outside when the account cannot reach that.
 * Data that is there already decides, so that a changed mode never makes it look lost.
 */
export function dataFolderFor(
  folder: string,
  id: string,
  account: PostgresAccount,
  report: (line: string) => void,
): string {
  const inside = join(folder, 'postgres', 'data');
  if (existsSync(inside)) return reachable(inside, account);
  mkdirSync(dirname(inside), { recursive: true });
  chmodSync(folder, 0o711); // may be passed through, not listed; the secrets in it are 0600 each
  chmodSync(dirname(inside), 0o711);
  if (canReach(account, dirname(inside))) return inside;
  const outside = join(outsideFolder(folder, id), 'data');
  report(`the data is kept in ${outside}: "${account.name}", who runs PostgreSQL, cannot enter ${folder}`);
  return outside;
}

function reachable(inside: string, account: PostgresAccount): string {
  if (canReach(account, dirname(inside))) return inside;
  throw new EmbeddedPostgresError(
    `The data in ${inside} cannot be reached by "${account.name}", who runs PostgreSQL here. ` +
      'Open the folders above it (chmod o+x), start as the user who made it, or set DATABASE_URL.',
  );
}

/** One folder per checkout and cluster: neither a copy of the checkout nor its successor finds the data of another. */
export function outsideFolder(folder: string, id: string): string {
  const name = createHash('sha256').update(`${folder}\n${id}`).digest('hex').slice(0, 16);
  if (process.getuid?.() !== 0) return claimFolder(join(folder, 'postgres')); // our own account reaches our own folder
  try {
    claimFolder(OUTSIDE);
    return claimFolder(join(OUTSIDE, name));
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    return claimFolder(join(tmpdir(), `posthaste-${name}`)); // no /var/lib that can be written to
  }
}

/** An unfinished initdb's folder, made anew. */
export function makeDataFolder(folder: string, account: PostgresAccount): void {
  mkdirSync(dirname(folder), { recursive: true });
  makePrivateFolder(folder, account);
}

/** Another major version cannot read it; only the operator can say what the data is worth. */
export function checkDataVersion(dataFolder: string, major: number): void {
  const found = Number.parseInt(readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8'), 10);
  if (found === major) return;
  throw new EmbeddedPostgresError(
    `The data in ${dataFolder} was made by PostgreSQL ${found}, this version of Posthaste brings PostgreSQL ${major}. ` +
      'Dump it with the version that made it and restore it into a new one; or, when it is not worth keeping, move the folder away. Then start again.',
  );
}
