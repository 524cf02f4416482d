import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Fault } from './fault.mjs';

/** One start per checkout: a second one would take the first one's PostgreSQL for a leftover and stop it. */
export function takeStartLock(folder) {
  const file = join(folder, 'start.lock');
  const mine = JSON.stringify({ pid: process.pid, bornAt: bornAt(process.pid) });
  for (;;) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return { end: () => rmSync(file, { force: true }), force: () => undefined };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = ownerOf(file);
    if (owner)
      throw new Fault(`Posthaste runs from this folder already (pid ${owner}). Stop that one first.`);
    rmSync(file, { force: true });
  }
}

/** The living start that holds the lock. Its birth is compared: a pid alone may be someone else's by now. */
function ownerOf(file) {
  try {
    const { pid, bornAt: birth } = JSON.parse(readFileSync(file, 'utf8'));
    return birth !== undefined && bornAt(pid) === birth ? pid : undefined;
  } catch {
    return undefined; // gone, or torn by a crash while it was written
  }
}

/** When a process began, in whatever unit the system has; undefined when it is gone. */
function bornAt(pid) {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    // proc(5): field 22, counted behind the command's name, which may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; in a container whose first process fetches nobody, it stays in the list.
    return 'ZX'.includes(fields[0]) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
