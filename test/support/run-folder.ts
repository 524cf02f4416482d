import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clearLeftover } from '../../src/embedded/leftover-postmaster.js';
import { systemProcesses } from '../../src/embedded/process-table.js';

/** Below it `<pid>-…` per test process: so that a later run knows whose owner is gone. */
const base = (): string => join(realpathSync(tmpdir()), `posthaste-tests-${process.getuid?.() ?? 0}`);

/** A fresh folder of this process. */
export function makeRunFolder(): string {
  mkdirSync(base(), { recursive: true, mode: 0o711 });
  const folder = mkdtempSync(join(base(), `${process.pid}-`));
  chmodSync(folder, 0o711); // as root, PostgreSQL runs as another user, who must pass
  return folder;
}

/** Ends and removes what runs that were killed left behind. */
export async function sweepRunFolders(): Promise<void> {
  if (!existsSync(base())) return;
  for (const name of readdirSync(base())) {
    if (systemProcesses.isAlive(Number.parseInt(name, 10))) continue;
    const folder = join(base(), name);
    await clearLeftover(join(folder, 'postgres', 'data'), console.log);
    endRedis(join(folder, 'redis.pid'));
    rmSync(folder, { recursive: true, force: true });
  }
}

function endRedis(pidFile: string): void {
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  if (systemProcesses.argumentsOf(pid)?.[0]?.includes('redis-server')) process.kill(pid, 'SIGKILL');
}
