/**
 * What must never be read in a log: addresses, numbers, keys, secrets. Masked wherever text is written.
 * Every repetition before its landmark is bounded: a long text without one would be searched from each of its characters.
 */
const RULES: readonly [RegExp, string][] = [
  [/ph_([A-Za-z0-9]{4,32})_[A-Za-z0-9_-]{8,}/g, 'ph_$1_***'],
  [/whsec_[A-Za-z0-9+/=]+/g, 'whsec_***'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/=._-]{8,}/gi, '$1 ***'],
  [/([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/@:]*:[^\s/@]*@/gi, '$1***@'],
  [/[^\s<>"'(),;:@[\]]{1,320}(?:@|%40)[^\s<>"'(),;:@[\]]+\.[^\s<>"'(),;:@[\]]+/gi, '***@***'],
  [/(?:\+|%2b)[1-9]\d{6,14}\b/gi, '+***'],
];

/** Every rule needs one of these: nearly every text has none, and is known to be clean by one look instead of six. */
const SUSPICIOUS = /[@+]|%40|%2b|ph_|whsec_|bearer|basic/i;

/** The text with every address and secret in it made unreadable. */
export const mask = (text: string): string =>
  SUSPICIOUS.test(text) ? RULES.reduce((masked, [rule, by]) => masked.replace(rule, by), text) : text;
