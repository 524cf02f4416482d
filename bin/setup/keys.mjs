import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The keys of this checkout, made up once: payloads sealed with one cannot be read with another. */
export function keysOf(folder) {
  const file = join(folder, 'keys.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const keys = { POSTHASTE_API_KEY: madeApiKey(), ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  writeFileSync(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return keys;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `ph_<key id, 12 letters>_<secret, 32 bytes in base64url>`. */
export function madeApiKey() {
  const id = Array.from({ length: 12 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `ph_${id}_${randomBytes(32).toString('base64url')}`;
}
