/**
 * Public ids: a prefix that says what it names, and a UUID in Crockford's base 32 (26 characters, lower case).
 * Source: the TypeID specification, version 0.3 (github.com/jetify-com/typeid): the order of ids is that of UUIDs.
 */
export const ID_PREFIXES = {
  notification: 'ntf',
  endpoint: 'ep',
  event: 'evt',
  redrive: 'rdr',
  alert: 'alr',
  suppression: 'sup',
  erasure: 'ers',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUE_OF = new Map([...ALPHABET].map((letter, value) => [letter, value]));
const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** `0190…` (a UUID) → `ntf_01j…`. */
export function toPublicId(kind: IdKind, uuid: string): string {
  return `${ID_PREFIXES[kind]}_${encode(uuid.replaceAll('-', ''))}`;
}

/** `ntf_01j…` → a UUID, or undefined when it is not a public id of that kind. */
export function fromPublicId(kind: IdKind, publicId: string): string | undefined {
  const prefix = `${ID_PREFIXES[kind]}_`;
  const suffix = publicId.slice(prefix.length);
  if (!publicId.startsWith(prefix) || !SUFFIX.test(suffix)) return undefined;
  return decode(suffix);
}

// 26 letters hold 130 bits: the UUID's 128 stand at the low end, so the first letter carries only three of them.
function encode(hex: string): string {
  let letters = ALPHABET[parseInt(hex.slice(0, 2), 16) >> 5]! + ALPHABET[parseInt(hex.slice(0, 2), 16) & 31]!;
  for (let at = 2; at < 32; at += 5) {
    const group = hex.slice(at, at + 5); // 20 bits, four letters
    const bits = parseInt(group, 16);
    for (let shift = 15; shift >= 0; shift -= 5) letters += ALPHABET[(bits >> shift) & 31]!;
  }
  return letters;
}

function decode(letters: string): string {
  const value = (at: number): number => VALUE_OF.get(letters[at]!)!;
  let hex = ((value(0) << 5) | value(1)).toString(16).padStart(2, '0');
  for (let at = 2; at < 26; at += 4) {
    const bits = (value(at) << 15) | (value(at + 1) << 10) | (value(at + 2) << 5) | value(at + 3);
    hex += bits.toString(16).padStart(5, '0');
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
