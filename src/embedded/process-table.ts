import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What the operating system says about a process that is not our child: pids are recycled, so a number proves nothing. */
export interface ProcessTable {
  isAlive(pid: number): boolean;
  /** The arguments it was started with; undefined when it is gone or hidden from us. */
  argumentsOf(pid: number): string[] | undefined;
}

export const systemProcesses: ProcessTable = { isAlive, argumentsOf };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and belongs to someone else
  }
}

/** Ended, but not fetched by its parent: in a container whose first process fetches nobody, for ever. proc(5), field 3. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return 'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return false; // hidden from us, or gone: the next look tells
  }
}

function argumentsOf(pid: number): string[] | undefined {
  try {
    if (process.platform === 'linux') {
      const parts = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return parts.length > 1 ? parts.slice(0, -1) : undefined; // empty: a zombie or a kernel thread
    }
    // One string elsewhere: callers look for a path in it, and may find it in the joined text as well.
    const line = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
    }).trim();
    return line === '' ? undefined : [line];
  } catch {
    return undefined;
  }
}

/** How often a process that was asked to end is looked at. */
const LOOK_EVERY_MS = 50;

/** Whether the process ended within the time. */
export async function endsWithin(pid: number, ms: number, processes = systemProcesses): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (processes.isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}
