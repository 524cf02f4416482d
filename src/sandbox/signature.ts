import { createHmac, timingSafeEqual } from 'node:crypto';

import type { SignatureVerdict } from './arrival.js';

/** Standard Webhooks 1.0: older or newer than this is a replay. */
const TOLERANCE_SECONDS = 5 * 60;

/**
 * Verifies as a subscriber would: HMAC-SHA256 over `id.timestamp.body` with each live secret, against each `v1,…` offered.
 * Source: github.com/standard-webhooks/standard-webhooks, specification 1.0.0.
 */
export function verdictOf(
  hook: {
    id?: string | undefined;
    timestamp?: string | undefined;
    signature?: string | undefined;
    body: string;
  },
  secrets: readonly string[],
  now: Date,
): SignatureVerdict {
  const { id, timestamp, signature, body } = hook;
  if (!id || !timestamp || !signature) return 'missing';
  if (secrets.length === 0) return 'no_endpoint';
  const offered = signature
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? [Buffer.from(one.slice(3))] : []));
  const isOurs = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const wanted = Buffer.from(
      createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'),
    );
    return offered.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted));
  });
  if (!isOurs) return 'invalid';
  const ageSeconds = Math.abs(now.getTime() / 1_000 - Number(timestamp));
  return ageSeconds <= TOLERANCE_SECONDS ? 'valid' : 'expired';
}
