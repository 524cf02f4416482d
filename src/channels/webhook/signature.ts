import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';

/** PKCS #8 around the 32 bytes of an Ed25519 seed (RFC 8410 §7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Standard Webhooks 1.0: over `id.timestamp.body`, space-separated, `v1,` + base64 of HMAC-SHA256 for each live secret, then
 * `v1a,` + base64 of Ed25519 for each live signing key. `v1a` comes last: a receiver that reads only the first few
 * signatures finds those that every library knows.
 * Source: github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * `timestamp`: Unix seconds, new for each attempt. `secrets`: `whsec_` + base64, the newest first. `signingKeys`: `whsk_` +
 * base64 of the seed, the newest first.
 */
export function signatureOf(
  id: string,
  timestamp: number,
  body: string,
  secrets: readonly string[],
  signingKeys: readonly string[] = [],
): string {
  const signed = `${id}.${timestamp}.${body}`;
  return [
    ...secrets.map(
      (secret) => `v1,${createHmac('sha256', secretOf(secret)).update(signed).digest('base64')}`,
    ),
    ...signingKeys.map(
      (key) => `v1a,${sign(null, Buffer.from(signed), signingKeyOf(key)).toString('base64')}`,
    ),
  ].join(' ');
}

const MAX_KEYS = 20_000;

/** Reading a key costs more than using it, and an endpoint's is used again and again. */
function remembering<K>(read: (text: string) => K): (text: string) => K {
  const known = new Map<string, K>();
  return (text) => {
    let key = known.get(text);
    if (key === undefined) {
      if (known.size >= MAX_KEYS) known.clear();
      key = read(text);
      known.set(text, key);
    }
    return key;
  };
}

const secretOf = remembering<Buffer>((secret) => Buffer.from(secret.slice('whsec_'.length), 'base64'));

const signingKeyOf = remembering<KeyObject>((key) =>
  createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, Buffer.from(key.slice('whsk_'.length), 'base64')]),
    format: 'der',
    type: 'pkcs8',
  }),
);
