import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

/** Two files of this size at most: a development machine's log needs no more history. */
const LARGEST_LOG_BYTES = 10 * 1024 * 1024;

/** Opens for appending; what has grown too large becomes `.1`. The caller closes it. */
export function openLog(path: string): number {
  if (existsSync(path) && statSync(path).size > LARGEST_LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** Enough for the last words of a process. */
const TAIL_BYTES = 8_192;

/** What was written since `from` (bytes), its last 8 KB. */
export function logSince(path: string, from: number): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    readSync(file, buffer, 0, buffer.length, start);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}

const KNOWN_FAULTS = [
  { sign: /could not bind|Address already in use/i, fault: 'port_taken' },
  { sign: /pre-existing shared memory block|lock file "[^"]*" already exists/i, fault: 'still_in_use' },
  { sign: /No space left on device|could not resize shared memory/i, fault: 'disk_full' },
  { sign: /Cannot allocate memory|out of memory/i, fault: 'memory' },
  { sign: /Permission denied/i, fault: 'permission' },
  { sign: /database files are incompatible|not compatible with this version/i, fault: 'version' },
] as const;

export type PostgresFault = (typeof KNOWN_FAULTS)[number]['fault'] | 'other';

/** What the log of a PostgreSQL that did not start complains of. Its messages are in English: lc_messages is C. */
export const faultIn = (log: string): PostgresFault =>
  KNOWN_FAULTS.find(({ sign }) => sign.test(log))?.fault ?? 'other';

const ADVICE: Record<PostgresFault, string> = {
  port_taken: 'Its port was taken by another program. Start again.',
  still_in_use: 'Another PostgreSQL still uses its data. Stop that one, then start again.',
  disk_full: 'The disk is full. Make room, then start again.',
  memory: 'There is not enough memory: it needs about 300 MB.',
  permission: 'It may not reach its files. Check who owns them.',
  version: 'The data was made by another version of PostgreSQL.',
  other: 'Its log says why.',
};

export const adviceFor = (fault: PostgresFault): string => ADVICE[fault];
