import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { claimFolder } from './owned-folder.js';
import type { PostgresAccount } from './postgres-account.js';

/** Programs that the account can run, links made. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** `18.4.0-beta.17`: the package's, which leads with PostgreSQL's own. */
  version: string;
  major: number;
}

interface Package {
  /** Holds bin, lib and share. */
  native: string;
  version: string;
}

/**
 * The binaries of the npm package, where the account can run them: in node_modules when that works, else a copy below
 * `fallback`. Install scripts may be switched off, and a checkout below a 0700 home is closed to anyone but its owner.
 */
export function postgresBinaries(
  account: PostgresAccount,
  fallback: () => string,
  report: (line: string) => void,
): PostgresBinaries {
  const found = installedPackage();
  if (isPrepared(found.native) && isRunnable(found.native, account))
    return binariesIn(found.native, found.version);
  const folder = join(fallback(), `postgres-${found.version}`);
  if (!existsSync(folder)) {
    report(`copying PostgreSQL's binaries to ${folder}, where "${account.name}" can run them`);
    copyBinaries(found.native, folder);
  }
  if (!isRunnable(folder, account)) throw notRunnable(folder, account);
  return binariesIn(folder, found.version);
}

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin' };

function installedPackage(): Package {
  const platform = PLATFORMS[process.platform];
  const name = `@embedded-postgres/${platform ?? process.platform}-${process.arch}`;
  if (!platform) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL runs on Linux and macOS. On ${process.platform}, set DATABASE_URL to a PostgreSQL of your own, or use docker compose.`,
    );
  }
  try {
    // Resolved from embedded-postgres, which depends on it: a strict package manager hides it from us.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(parent).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The package ${name} is not installed: there may be none for this machine, or the install left optional packages out. ` +
        'Run "npm ci --include=optional", or set DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    );
  }
}

/** Links made and programs executable; does what is missing. False when node_modules may not be written to. */
function isPrepared(native: string): boolean {
  try {
    makeLinks(native);
    for (const program of ['initdb', 'postgres']) makeExecutable(join(native, 'bin', program));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/**
 * What the package's install script does: npm packs no symbolic links, so a list of them lies beside the files, in
 * paths that begin with `native/`. Links that are there stay.
 */
function makeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

function makeExecutable(program: string): void {
  const { mode } = statSync(program);
  if ((mode & 0o555) !== 0o555) chmodSync(program, mode | 0o555);
}

/** Tried, not reasoned about: modes, mounts, a missing loader and missing libraries all show here. */
function isRunnable(native: string, account: PostgresAccount): boolean {
  const tried = spawnSync(join(native, 'bin', 'postgres'), ['--version'], {
    ...account.identity,
    cwd: '/',
    stdio: 'ignore',
  });
  return tried.status === 0;
}

/** Made beside its place and renamed into it, so that a copy that was cut off is never taken for whole. */
function copyBinaries(native: string, folder: string): void {
  claimFolder(dirname(folder));
  const half = `${folder}.${process.pid}`;
  rmSync(half, { recursive: true, force: true });
  cpSync(native, join(half, 'native'), { recursive: true, verbatimSymlinks: true });
  openToAll(half);
  makeLinks(join(half, 'native'));
  for (const program of ['initdb', 'postgres']) makeExecutable(join(half, 'native', 'bin', program));
  renameSync(join(half, 'native'), folder);
  rmSync(half, { recursive: true, force: true });
}

/** An install under umask 077 leaves files that only its owner reads. */
function openToAll(folder: string): void {
  const opened = spawnSync('chmod', ['-R', 'go+rX,go-w', folder], { stdio: 'ignore' });
  if (opened.status !== 0)
    throw new EmbeddedPostgresError(`Could not open ${folder} for reading (chmod failed).`);
}

function notRunnable(native: string, account: PostgresAccount): EmbeddedPostgresError {
  const program = join(native, 'bin', 'postgres');
  accessSync(program, constants.F_OK);
  const tried = spawnSync(program, ['--version'], { ...account.identity, cwd: '/', encoding: 'utf8' });
  const said = (tried.stderr || tried.error?.message || `status ${tried.status}`).trim().slice(0, 500);
  return new EmbeddedPostgresError(
    `PostgreSQL's program does not run here as "${account.name}": ${said}. ` +
      'It needs glibc (not musl, as in Alpine) and a file system that allows programs (no noexec). ' +
      'Set DATABASE_URL to a PostgreSQL of your own, or use docker compose.',
  );
}

const binariesIn = (native: string, version: string): PostgresBinaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
  version,
  major: Number.parseInt(version, 10),
});
