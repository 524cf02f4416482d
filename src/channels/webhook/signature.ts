import { createHmac } from 'node:crypto';

/**
 * Standard Webhooks 1.0: `v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`, one a live secret, space-separated.
 * Source: github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * `timestamp`: Unix seconds, new for each attempt. `secrets`: `whsec_` + base64.
 */
export function signatureOf(id: string, timestamp: number, body: string, secrets: readonly string[]): string {
  const signed = `${id}.${timestamp}.${body}`;
  return secrets
    .map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`)
    .join(' ');
}

const keys = new Map<string, Buffer>();
const MAX_KEYS = 20_000;

function keyOf(secret: string): Buffer {
  let key = keys.get(secret);
  if (!key) {
    if (keys.size >= MAX_KEYS) keys.clear();
    key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    keys.set(secret, key);
  }
  return key;
}
