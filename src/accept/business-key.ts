import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';

/** 128 bits: two different keys of one installation will never meet. */
const KEY_HASH_BYTES = 16;
/** The part of a recipient's hash that its index holds; a list compares the recipient itself besides. */
const RECIPIENT_KEY_BYTES = 8;

/** unique(type, recipient, business_id), byte for byte: lengths keep ("ab","c") and ("a","bc") apart. Hex. */
export function keyHashOf(hasher: KeyedHasher, type: string, recipient: string, businessId: string): string {
  return hasher.hex(
    `key\0${type.length}:${type}${recipient.length}:${recipient}${businessId}`,
    KEY_HASH_BYTES,
  );
}

/** A signed 64-bit number as text, the way PostgreSQL reads a bigint. */
export function recipientKeyOf(hasher: KeyedHasher, recipient: string): string {
  return BigInt.asIntN(
    64,
    BigInt(`0x${hasher.hex(`recipient\0${recipient}`, RECIPIENT_KEY_BYTES)}`),
  ).toString();
}
