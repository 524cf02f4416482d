import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { endsWithin, type ProcessTable, systemProcesses } from './process-table.js';

/** What a start that was killed leaves behind. */
export type Leftover =
  | { kind: 'none' }
  /** The file is there, its process is not, or is something else by now: pids are recycled. */
  | { kind: 'stale' }
  | { kind: 'running'; pid: number }
  /** Alive, but its command line is hidden from us, so nobody can say whether it is this folder's. */
  | { kind: 'unknown'; pid: number };

const pidFile = (dataFolder: string): string => join(dataFolder, 'postmaster.pid');

/** PostgreSQL writes its pid into the first line of `postmaster.pid` (documentation, "Database File Layout"). */
export function findLeftover(dataFolder: string, processes: ProcessTable = systemProcesses): Leftover {
  if (!existsSync(pidFile(dataFolder))) return { kind: 'none' };
  const pid = Number.parseInt(readFileSync(pidFile(dataFolder), 'utf8'), 10);
  if (!(pid > 1) || pid === process.pid || !processes.isAlive(pid)) return { kind: 'stale' };
  const started = processes.argumentsOf(pid);
  if (!started) return { kind: 'unknown', pid };
  return isPostmasterOf(dataFolder, started) ? { kind: 'running', pid } : { kind: 'stale' };
}

function isPostmasterOf(dataFolder: string, started: string[]): boolean {
  if (started.length === 1) return started[0]!.includes(`postgres -D ${dataFolder} `); // one string: macOS
  return basename(started[0]!) === 'postgres' && started[1] === '-D' && started[2] === dataFolder;
}

/** Fast shutdown writes a checkpoint; a slow disk under a large WAL needs its time. */
const FAST_SHUTDOWN_MS = 20_000;
/** Immediate shutdown writes nothing: the next start recovers from the WAL. */
const IMMEDIATE_SHUTDOWN_MS = 5_000;

/** Ends a postmaster, first with a checkpoint, then without, at last by force. Whether it is gone. */
export async function endPostmaster(pid: number): Promise<boolean> {
  const steps = [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
    ['SIGKILL', IMMEDIATE_SHUTDOWN_MS],
  ] as const;
  for (const [signal, ms] of steps) {
    if (!signalled(pid, signal) || (await endsWithin(pid, ms))) return true;
  }
  return false;
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // gone meanwhile
  }
}

/** Makes the data folder free for a start. The caller holds the folder's lock: what still runs there is nobody's. */
export async function clearLeftover(dataFolder: string, report: (line: string) => void): Promise<void> {
  const leftover = findLeftover(dataFolder);
  switch (leftover.kind) {
    case 'none':
      return;
    case 'stale':
      return rmSync(pidFile(dataFolder), { force: true });
    case 'running':
      report(`stopping the PostgreSQL (pid ${leftover.pid}) that a killed start left behind`);
      if (await endPostmaster(leftover.pid)) return;
      throw new EmbeddedPostgresError(
        `PostgreSQL (pid ${leftover.pid}) of a killed start does not end. Kill it and start again.`,
      );
    case 'unknown':
      throw new EmbeddedPostgresError(
        `${pidFile(dataFolder)} names process ${leftover.pid}, which this user may not look at. ` +
          'If it is no PostgreSQL, remove that file and start again.',
      );
  }
}
