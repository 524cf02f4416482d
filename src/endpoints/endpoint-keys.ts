import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** Standard Webhooks asks for 24 to 64 random bytes. */
const SECRET_BYTES = 32;
/** What stands before the 32 bytes of a key in its DER forms (RFC 8410). */
const PKCS8_HEAD_BYTES = 16;
const SPKI_HEAD_BYTES = 12;

/** `whsec_` + base64: signs `v1`, and verifies it. */
export const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

export interface SigningPair {
  /** `whsk_` + base64 of the Ed25519 seed; never shown. */
  signingKey: string;
  /** `whpk_` + base64 of the public key. */
  publicKey: string;
}

/** A key pair for `v1a`: who holds the public half can verify, and cannot sign. */
export function newSigningPair(): SigningPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  });
  return {
    signingKey: `whsk_${privateKey.subarray(PKCS8_HEAD_BYTES).toString('base64')}`,
    publicKey: `whpk_${publicKey.subarray(SPKI_HEAD_BYTES).toString('base64')}`,
  };
}
