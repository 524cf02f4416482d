import { canonicalJson } from '../platform/canonical-json.js';
import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import type { NotificationRequest } from './notification.schema.js';

/**
 * What the caller sent, one keyed hash a field: it decides between 200 and 409 and names what differs, even after the
 * content itself is erased. After the contract's own defaults, so that saying a default aloud changes nothing; never the
 * configuration's, which may change between two tries; never `metadata`.
 *
 * Layout: for each field that is there, its number (1 byte) and its hash (8 bytes). Numbers are for ever.
 */
const FIELDS = [
  'channel',
  'to',
  'data',
  'template',
  'locale',
  'lane',
  'send_at',
  'expires_at',
  'expires_in',
  'on_in_doubt',
  'ordering_key',
  'time_zone',
] as const satisfies readonly (keyof NotificationRequest)[];

/** Fields whose values are words of the contract or of the configuration: few, and the same in request after request. */
const WORDS: ReadonlySet<string> = new Set(['channel', 'template', 'locale', 'lane', 'on_in_doubt']);
/** More different words than any installation has; beyond them a caller is making words up. */
const MAX_WORDS = 1_000;
const wordHashes = new WeakMap<KeyedHasher, Map<string, string>>();

/** The numbers as hex. */
const NUMBERS = FIELDS.map((_, number) => number.toString(16).padStart(2, '0'));
const HASH_BYTES = 8;
const ENTRY_BYTES = 1 + HASH_BYTES;
const TO = FIELDS.indexOf('to');

/** What the contract itself says of a field that is left out. */
const DEFAULTS: Partial<Record<(typeof FIELDS)[number], (request: NotificationRequest) => unknown>> = {
  to: (request) => request.recipient,
  data: () => NO_DATA,
  template: (request) => request.type,
  lane: () => 'transactional',
};
const NO_DATA = {};

export function fingerprintOf(request: NotificationRequest, hasher: KeyedHasher): Buffer {
  let hex = '';
  for (let number = 0; number < FIELDS.length; number++) {
    const field = FIELDS[number]!;
    const value = request[field] ?? DEFAULTS[field]?.(request);
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : canonicalJson(value);
    hex += NUMBERS[number]! + hashOf(`${field}\0${text}`, WORDS.has(field), hasher);
  }
  return Buffer.from(hex, 'hex');
}

/** Words are hashed once: three of five hashes of a usual request. */
function hashOf(text: string, isWord: boolean, hasher: KeyedHasher): string {
  if (!isWord) return hasher.hex(text, HASH_BYTES);
  let known = wordHashes.get(hasher);
  if (!known || known.size >= MAX_WORDS) wordHashes.set(hasher, (known = new Map<string, string>()));
  let hash = known.get(text);
  if (hash === undefined) known.set(text, (hash = hasher.hex(text, HASH_BYTES)));
  return hash;
}

/** The same content to another address: of many that carry the same data, the data is hashed once. */
export function readdressed(fingerprint: Buffer, to: string, hasher: KeyedHasher): Buffer {
  const copy = Buffer.from(fingerprint);
  for (let at = 0; at < copy.length; at += ENTRY_BYTES) {
    if (copy[at] === TO) copy.write(hasher.hex(`to\0${to}`, HASH_BYTES), at + 1, 'hex');
  }
  return copy;
}

/** The fields in which two fingerprints differ; empty when the content is the same. */
export function differingFields(a: Buffer, b: Buffer): string[] {
  if (a.equals(b)) return [];
  const [left, right] = [entries(a), entries(b)];
  return FIELDS.filter((_, number) => left.get(number) !== right.get(number));
}

function entries(fingerprint: Buffer): Map<number, string> {
  const map = new Map<number, string>();
  for (let at = 0; at < fingerprint.length; at += ENTRY_BYTES) {
    map.set(fingerprint[at]!, fingerprint.toString('hex', at + 1, at + ENTRY_BYTES));
  }
  return map;
}
