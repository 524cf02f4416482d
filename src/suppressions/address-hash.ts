import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';

/** 128 bits: two different addresses of one installation will never meet. */
const ADDRESS_HASH_BYTES = 16;

/**
 * What an address is looked up by. Hex. `address` is normalised by its channel; case is dropped besides, because no mailbox
 * provider tells `Ada@` from `ada@`, and to write to somebody who said no is the worse mistake.
 */
export function addressHashOf(hasher: KeyedHasher, channel: string, address: string): string {
  return hasher.hex(`address\0${channel}\0${address.toLowerCase()}`, ADDRESS_HASH_BYTES);
}
