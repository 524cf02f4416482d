import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import pg from 'pg';

import { checkDataVersion, dataFolderFor, makeDataFolder, outsideFolder } from './cluster-folder.js';
import { type ClusterRecord, readClusterRecord, writeClusterRecord } from './cluster-record.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { freePort } from './free-port.js';
import { clearLeftover, endPostmaster } from './leftover-postmaster.js';
import { type PostgresAccount, postgresAccount } from './postgres-account.js';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.js';
import { adviceFor, faultIn, logSince, openLog } from './postgres-log.js';

export interface EmbeddedPostgresOptions {
  /** Absolute. Holds `postgres.json` (port and password), `postgres.log` and, where it can, the data. */
  folder: string;
  /** What a person should know, a line each. */
  report?: (line: string) => void;
  /** Called once when it ends without having been asked to, with the end of its log. */
  onDeath?: (lastWords: string) => void;
  /** Settings of postgresql.conf over the ones below. */
  settings?: Readonly<Record<string, string>>;
}

/** Durable as in production: a first run must not teach habits that the real thing breaks. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // a socket's path may have 107 bytes: less than many a checkout's
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  // These programs know pglz alone: 150 µs of the committing backend for a page of key hashes, which saves a ninth of it.
  wal_compression: 'off',
  // The first change of a page after a checkpoint logs all of it: fewer checkpoints, and a longer recovery after a kill.
  checkpoint_timeout: '15min',
  max_wal_size: '4GB',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Nothing of ours: a child that needs no key gets none. English messages, so that faults can be told apart. */
const CHILD_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

const LOOK_EVERY_MS = 50;
/** Recovery after a kill may take minutes; silence that long looks like a hang. */
const REPORT_EVERY_MS = 10_000;
/** After kill -9 the backends of the old postmaster need a moment to notice and let go of the shared memory. */
const STILL_IN_USE_PATIENCE_MS = 15_000;

/**
 * A real PostgreSQL from npm's binaries, for a first run and for tests: started, found again, stopped; never production.
 *
 * Promises: one cluster per folder, its data kept; what a killed start left running is ended first; the terminal's
 * Ctrl-C does not reach it, so that its clients can drain before `stop()`. Leaves to the caller: one start per folder at
 * a time. Throws EmbeddedPostgresError with what to do.
 */
export class EmbeddedPostgres {
  readonly logFile: string;
  private readonly recordFile: string;
  private readonly report: (line: string) => void;
  private record: ClusterRecord | undefined;
  private child: ChildProcess | undefined;
  private isStopping = false;

  constructor(private readonly options: EmbeddedPostgresOptions) {
    this.logFile = join(options.folder, 'postgres.log');
    this.recordFile = join(options.folder, 'postgres.json');
    this.report = options.report ?? (() => undefined);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Of a started one, for a database of it. Carries the password. */
  url(database = 'postgres'): string {
    if (!this.record?.port) throw new EmbeddedPostgresError('The embedded PostgreSQL has not been started.');
    return `postgres://postgres:${this.record.password}@127.0.0.1:${this.record.port}/${encodeURIComponent(database)}`;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    this.isStopping = false;
    this.record = readClusterRecord(this.recordFile);
    const account = postgresAccount(this.report);
    const outside = (): string => outsideFolder(this.options.folder, this.record!.id);
    const binaries = postgresBinaries(account, outside, this.report);
    const data = dataFolderFor(this.options.folder, this.record.id, account, this.report);
    if (!existsSync(data)) await this.initialise(binaries, account, data);
    checkDataVersion(data, binaries.major);
    await clearLeftover(data, this.report);
    await this.launchPatiently(binaries, account, data);
  }

  /** Ends it with a checkpoint; what is connected is disconnected. Also ends a start under way. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const child = this.child;
    if (!child?.pid || hasEnded(child)) return;
    if (!(await endPostmaster(child.pid)))
      throw new EmbeddedPostgresError(`PostgreSQL (pid ${child.pid}) does not end.`);
  }

  /** Ends it at once, without a checkpoint: its next start recovers. Does not wait. */
  kill(): void {
    this.isStopping = true;
    if (this.child && !hasEnded(this.child)) this.child.kill('SIGQUIT');
  }

  /** Makes the database unless it is there. */
  async ensureDatabase(name: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url() });
    await client.connect();
    try {
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
  }

  /** initdb works in a folder of another name: one that was cut off is never taken for a cluster. */
  private async initialise(
    binaries: PostgresBinaries,
    account: PostgresAccount,
    data: string,
  ): Promise<void> {
    const half = `${data}.new`;
    rmSync(half, { recursive: true, force: true });
    makeDataFolder(half, account);
    const secret = passwordFile(this.record!.password, account);
    const from = sizeOf(this.logFile);
    try {
      this.spawn(binaries.initdb, initdbFlags(half, secret.path), account);
      const code = await ended(this.child!);
      if (code !== 0) throw this.failure('PostgreSQL could not make its data folder (initdb).', from);
    } finally {
      secret.remove();
    }
    renameSync(half, data);
  }

  private async launchPatiently(
    binaries: PostgresBinaries,
    account: PostgresAccount,
    data: string,
  ): Promise<void> {
    const giveUpAt = performance.now() + STILL_IN_USE_PATIENCE_MS;
    for (;;) {
      const from = sizeOf(this.logFile);
      if (await this.launch(binaries, account, data)) return;
      const fault = this.isStopping ? 'other' : faultIn(logSince(this.logFile, from));
      const mayPass = fault === 'port_taken' || fault === 'still_in_use';
      if (!mayPass || performance.now() > giveUpAt) throw this.failure('PostgreSQL did not start.', from);
      await pause(fault === 'still_in_use' ? 500 : 0);
    }
  }

  /** Whether it came up; it ended otherwise. */
  private async launch(binaries: PostgresBinaries, account: PostgresAccount, data: string): Promise<boolean> {
    const port = await freePort(this.record!.port);
    const settings = { ...SETTINGS, ...this.options.settings, port: String(port) };
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const from = sizeOf(this.logFile);
    if (this.isStopping) return false;
    const child = this.spawn(binaries.postgres, ['-D', data, ...flags], account);
    if (!(await this.becomesReady(child, data))) return false;
    child.once('exit', () => this.reportDeath(from));
    this.record = { ...this.record!, port };
    writeClusterRecord(this.recordFile, this.record);
    return true;
  }

  /** As pg_ctl does: line 8 of postmaster.pid says `ready`. */
  private async becomesReady(child: ChildProcess, data: string): Promise<boolean> {
    let reportAt = performance.now() + REPORT_EVERY_MS;
    while (!hasEnded(child)) {
      const lines = readIfThere(join(data, 'postmaster.pid')).split('\n');
      if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return true;
      if (performance.now() > reportAt) {
        this.report(`PostgreSQL is still starting: it recovers what a kill interrupted (${this.logFile})`);
        reportAt += REPORT_EVERY_MS;
      }
      await pause(LOOK_EVERY_MS);
    }
    return false;
  }

  /** In a process group of its own: the terminal sends Ctrl-C to ours. */
  private spawn(program: string, flags: string[], account: PostgresAccount): ChildProcess {
    const log = openLog(this.logFile);
    try {
      const child = spawn(program, flags, {
        ...account.identity,
        cwd: '/', // the account may not be allowed where we are
        env: CHILD_ENVIRONMENT,
        detached: true,
        stdio: ['ignore', log, log],
      });
      child.on('error', () => undefined); // could not be spawned: `hasEnded` sees it, there is no pid
      this.child = child;
      return child;
    } finally {
      closeSync(log);
    }
  }

  private reportDeath(logFrom: number): void {
    if (!this.isStopping) this.options.onDeath?.(logSince(this.logFile, logFrom));
  }

  private failure(what: string, logFrom: number): EmbeddedPostgresError {
    if (this.isStopping) return new EmbeddedPostgresError('PostgreSQL was stopped while it started.');
    const said = logSince(this.logFile, logFrom).trimEnd();
    return new EmbeddedPostgresError(
      `${what} ${adviceFor(faultIn(said))} (${this.logFile})\n${lastLines(said)}`,
    );
  }
}

/** The same order and classes on every machine: letters by code point, UTF-8, no locale of the system. */
const initdbFlags = (data: string, passwordPath: string): string[] => [
  `--pgdata=${data}`,
  `--pwfile=${passwordPath}`,
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

/** initdb takes the password from a file only. Readable by the account alone, gone right after. */
function passwordFile(password: string, account: PostgresAccount): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'posthaste-'));
  const path = join(folder, 'password');
  writeFileSync(path, `${password}\n`, { mode: 0o600 });
  if (account.identity) {
    chownSync(path, account.identity.uid, account.identity.gid);
    chownSync(folder, account.identity.uid, account.identity.gid);
  }
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

function ended(child: ChildProcess): Promise<number | null> {
  if (hasEnded(child)) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const LINES_SHOWN = 12;
const lastLines = (text: string): string => text.split('\n').slice(-LINES_SHOWN).join('\n');
