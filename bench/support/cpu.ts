import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time of processes in hundredths of a second, on every architecture (USER_HZ). */
const TICKS_PER_SECOND = 100;

interface Stat {
  parent: number;
  /** Its own, seconds. */
  own: number;
  /** Of its children that have ended, seconds. */
  ended: number;
}

/** User and system time of one process, seconds; NaN where there is no /proc. */
export const cpuSecondsOf = (pid: number): number => statOf(pid)?.own ?? Number.NaN;

/** Of a process and all it started that way: PostgreSQL's backends are children of its postmaster. */
export function cpuSecondsOfFamily(pid: number): number {
  const root = statOf(pid);
  if (!root) return Number.NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat?.parent === pid);
  return children.reduce((sum, stat) => sum + stat!.own, root.own + root.ended);
}

/** Fields of proc(5): the name may hold spaces and parentheses, so counting begins after its last one. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const seconds = (at: number): number => Number(fields[at]) / TICKS_PER_SECOND;
    return { parent: Number(fields[1]), own: seconds(11) + seconds(12), ended: seconds(13) + seconds(14) };
  } catch {
    return undefined;
  }
}
