import { RandomPool } from './random-pool.js';

/** Of the 26-bit counter: a fresh millisecond begins in its lower half, so that it cannot run over within one. */
const FIRST_COUNTS = 2 ** 25;
const COUNTS = 2 ** 26;
const MONOTONIC_BYTES = 10;
const RANDOM_BYTES = 6;

const random = new RandomPool();
let lastMs = 0;
let count = 0;

/**
 * A UUID, version 7 (RFC 9562, §5.7 and §6.2 method 1): milliseconds, a counter that begins at random in each of them, 48
 * random bits. Later is greater within a process, also when its clock steps back. Random bits come by the pool: asking the
 * system for each id cost a twentieth of the door.
 */
export function timeOrderedId(nowMs: number = Date.now()): string {
  advance(nowMs);
  const bytes = Buffer.allocUnsafe(MONOTONIC_BYTES);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | (count >>> 14), 6);
  bytes.writeUInt16BE(0x8000 | (count & 0x3fff), 8);
  const hex = bytes.toString('hex');
  const tail = random.take(RANDOM_BYTES).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16)}-${tail}`;
}

function advance(nowMs: number): void {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    count = random.take(4).readUInt32BE() % FIRST_COUNTS;
  } else if (++count === COUNTS) {
    lastMs++;
    count = 0;
  }
}
