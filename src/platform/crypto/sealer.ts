import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

import { RandomPool } from './random-pool.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_ID_BYTES = 4;
const VERSION = 1;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const TAG_AT = HEADER_BYTES + IV_BYTES;
const TEXT_AT = TAG_AT + TAG_BYTES;

/** Where the key's id stands in a sealed value, counted from 1 as SQL does. */
export const KEY_ID_AT = 2;

interface NamedKey {
  id: Buffer;
  key: Buffer;
}

/**
 * Seals bytes at rest: AES-256-GCM, a random 96-bit IV each, bound to a context so that a sealed value moved to another
 * row does not open. Layout: version (1) | key id (4) | IV (12) | tag (16) | ciphertext.
 *
 * Seals with `key` alone; opens what `previous` has sealed too, so that a key can be changed while the service runs.
 */
export class Sealer {
  private readonly current: NamedKey;
  private readonly previous: NamedKey | undefined;
  private readonly random = new RandomPool();

  constructor(key: Buffer, previous?: Buffer) {
    this.current = named(key);
    this.previous = previous && named(previous);
  }

  /** The id of the key that seals. */
  get keyId(): Buffer {
    return this.current.id;
  }

  seal(plain: string | Buffer, context: string): Buffer {
    const iv = this.random.take(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.current.key, iv);
    cipher.setAAD(Buffer.from(context));
    const text = cipher.update(typeof plain === 'string' ? Buffer.from(plain) : plain);
    cipher.final(); // a counter mode has nothing left to say
    const sealed = Buffer.allocUnsafe(TEXT_AT + text.length);
    sealed[0] = VERSION;
    this.current.id.copy(sealed, 1);
    iv.copy(sealed, HEADER_BYTES);
    cipher.getAuthTag().copy(sealed, TAG_AT);
    text.copy(sealed, TEXT_AT);
    return sealed;
  }

  /** Throws when the key is another one, the context differs, or a bit has changed. */
  open(sealed: Buffer, context: string): Buffer {
    if (sealed[0] !== VERSION) throw new Error('This is no sealed value.');
    const key = this.keyOf(sealed.subarray(1, HEADER_BYTES));
    if (!key) throw new Error('This was sealed with another ENCRYPTION_KEY.');
    const iv = sealed.subarray(HEADER_BYTES, TAG_AT);
    const tag = sealed.subarray(TAG_AT, TEXT_AT);
    const decipher = createDecipheriv('aes-256-gcm', key, iv);
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(TEXT_AT)), decipher.final()]);
  }

  private keyOf(id: Buffer): Buffer | undefined {
    if (id.equals(this.current.id)) return this.current.key;
    return this.previous?.id.equals(id) ? this.previous.key : undefined;
  }
}

function named(key: Buffer): NamedKey {
  if (key.length !== 32) throw new Error('The encryption key must be 32 bytes.');
  const id = createHash('sha256').update('posthaste key id').update(key).digest().subarray(0, KEY_ID_BYTES);
  return { id, key };
}
