import { hash } from 'node:crypto';

/**
 * Keyed hashes of what callers sent: equal input, equal hash; without the key nobody can try addresses against them.
 *
 * SHA-256 over key ‖ text, truncated: what is cut off is what a length-extension would need, and one call into OpenSSL
 * costs a third of an HMAC object at the door.
 */
export class KeyedHasher {
  private readonly prefix: string;

  constructor(key: Buffer) {
    this.prefix = key.toString('base64');
  }

  /** The first `bytes` (at most 31) of the hash, as hex. */
  hex(text: string, bytes: number): string {
    return hash('sha256', this.prefix + text, 'hex').slice(0, bytes * 2);
  }
}
