// What `#crash-point` is under `node --conditions=posthaste-faults`. CRASH_AT=place[@type][#nth][:action], where an action is
// `kill` (the default: kill -9 of this very process) or `block=ms` (the event loop stands still that long).
import { writeSync } from 'node:fs';

const SPEC = /^(?<place>\w+)(?:@(?<of>[\w.-]+))?(?:#(?<nth>\d+))?(?::(?<action>kill|block=\d+))?$/;

const wanted = read(process.env.CRASH_AT);
let passed = 0;

export function crashPoint(place, of) {
  if (wanted?.place !== place || (wanted.of !== undefined && wanted.of !== of)) return;
  passed++;
  if (passed !== wanted.nth) return;
  writeSync(2, `crash point ${place} (${passed}): ${wanted.action}\n`); // at once: nothing is written after a kill
  if (wanted.action === 'kill') process.kill(process.pid, 'SIGKILL');
  else block(Number(wanted.action.slice('block='.length)));
}

function read(text) {
  if (!text) return undefined;
  const groups = SPEC.exec(text)?.groups;
  if (!groups) throw new Error(`CRASH_AT=${text} cannot be read.`);
  return { ...groups, nth: Number(groups.nth ?? 1), action: groups.action ?? 'kill' };
}

/** As a bug of ours would: no timer fires, no socket is read. */
function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
