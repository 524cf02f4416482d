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
] as const satisfies readonly (keyof NotificationRequest)[];

const HASH_BYTES = 8;
const ENTRY_BYTES = 1 + HASH_BYTES;

export function fingerprintOf(request: NotificationRequest, hasher: KeyedHasher): Buffer {
  const sent: Record<string, unknown> = {
    ...request,
    to: request.to ?? request.recipient,
    data: request.data ?? {},
    template: request.template ?? request.type,
    lane: request.lane ?? 'transactional',
  };
  let hex = '';
  FIELDS.forEach((field, number) => {
    const value = sent[field];
    if (value === undefined) return;
    const text = typeof value === 'string' ? value : canonicalJson(value);
    hex += number.toString(16).padStart(2, '0') + hasher.hex(`${field}\0${text}`, HASH_BYTES);
  });
  return Buffer.from(hex, 'hex');
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
