import { canonicalJson } from '../platform/canonical-json.js';
import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import type { Content } from './channel.js';

/** Enough that two contents of one notification never share it by chance. */
const DIGEST_BYTES = 31;
/** Of which a key carries so many characters: 48 bits, and a Message-ID stays short. */
const KEY_CHARACTERS = 12;

/**
 * What a provider was asked to send, hex: content, address and sender. Keyed, because a short code could be tried out against a plain
 * digest by whoever reads the table.
 */
export function contentDigest(hasher: KeyedHasher, content: Content, to: string, sender: string): string {
  return hasher.hex(canonicalJson([canonicalContent(content), to, sender]), DIGEST_BYTES);
}

/** `ntf_….3f9a81c0d2e4`: letters, digits and a dot, as a Message-ID's left side may have (RFC 5322 §3.2.3). */
export const keyOf = (id: string, digest: string): string => `${id}.${digest.slice(0, KEY_CHARACTERS)}`;

/** What reaches the recipient; how many parts a text is billed as follows from it. */
function canonicalContent(content: Content): Record<string, unknown> {
  if (content.kind === 'sms') return { kind: content.kind, text: content.text };
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}
