import { createVerify, X509Certificate } from 'node:crypto';

import type { SnsEnvelope } from './sns-envelope.js';

/** The fields that are signed, in their order; one that is absent is left out. */
const SIGNED: Record<SnsEnvelope['Type'], readonly (keyof SnsEnvelope)[]> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};

/**
 * SignatureVersion 2: RSA with SHA-256 over name and value of each signed field, a line each. Version 1 is SHA-1 and is not
 * taken. Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
 */
export function isSignedBySns(envelope: SnsEnvelope, certificate: string, now: Date): boolean {
  if (envelope.SignatureVersion !== '2') return false;
  try {
    const { publicKey, validFrom, validTo } = new X509Certificate(certificate);
    if (now < new Date(validFrom) || now > new Date(validTo)) return false;
    return createVerify('sha256')
      .update(signedTextOf(envelope))
      .verify(publicKey, envelope.Signature, 'base64');
  } catch {
    return false; // no certificate, or a key that cannot verify this
  }
}

export function signedTextOf(envelope: SnsEnvelope): string {
  return SIGNED[envelope.Type]
    .filter((name) => envelope[name] !== undefined)
    .map((name) => `${name}\n${envelope[name]}\n`)
    .join('');
}
