import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/**
 * ECDSA over P-256 and SHA-256, of the timestamp's text and the raw body; the signature is DER in base64.
 * Source: twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.
 */
export function isSignedBySendgrid(
  key: KeyObject,
  timestamp: string,
  body: Buffer,
  signature: string,
): boolean {
  return verify(
    'sha256',
    Buffer.concat([Buffer.from(timestamp), body]),
    key,
    Buffer.from(signature, 'base64'),
  );
}

/** The key as SendGrid shows it (base64 without frame), or as PEM. Throws an Error that names the option. */
export function readPublicKey(text: string): KeyObject {
  const key = tryRead(text);
  if (key?.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('callbacks.public_key must be the verification key that SendGrid shows');
  }
  return key;
}

function tryRead(text: string): KeyObject | undefined {
  try {
    return text.includes('BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
