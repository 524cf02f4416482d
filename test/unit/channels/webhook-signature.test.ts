import { createPublicKey, verify } from 'node:crypto';

import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { describe, expect, it } from 'vitest';

import { signatureOf } from '../../../src/channels/webhook/signature.js';
import { newSecret, newSigningPair } from '../../../src/endpoints/endpoint-keys.js';

const BODY = '{"type":"order.shipped","timestamp":"2026-11-22T09:00:00.000Z","data":{"n":"ü"}}';
const ID = 'ntf_01m80pkjygecpr0xfxne84n1px';
const LIBRARIES = [
  { name: 'standardwebhooks', Webhook: Standard },
  { name: 'svix', Webhook: Svix },
];
const now = (): number => Math.floor(Date.now() / 1_000);

const headersOf = (secrets: string[], timestamp = now(), signingKeys: string[] = []) => ({
  'webhook-id': ID,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': signatureOf(ID, timestamp, BODY, secrets, signingKeys),
});

describe('what we sign', () => {
  it('is what the standard’s own example says', () => {
    expect(
      signatureOf('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}', [
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      ]),
    ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  describe.each(LIBRARIES)('by the library $name', ({ Webhook }) => {
    const [old, young] = [newSecret(), newSecret()];
    const verifies = (secret: string, headers: Record<string, string>, body = BODY): unknown =>
      new Webhook(secret).verify(body, headers);

    it('is taken with one secret, and with each of two', () => {
      expect(verifies(young, headersOf([young]))).toEqual(JSON.parse(BODY));
      for (const secret of [old, young])
        expect(verifies(secret, headersOf([young, old]))).toEqual(JSON.parse(BODY));
    });

    it('is taken beside signatures of a key pair that the library does not know', () => {
      const pair = newSigningPair();
      expect(verifies(old, headersOf([young, old], now(), [pair.signingKey]))).toEqual(JSON.parse(BODY));
    });

    it.each([
      ['a body that was changed', () => verifies(young, headersOf([young]), BODY.replace('ü', 'u'))],
      ['a body that was written anew', () => verifies(young, headersOf([young]), ` ${BODY}`)],
      ['an old timestamp', () => verifies(young, headersOf([young], now() - 301))],
      ['a timestamp to come', () => verifies(young, headersOf([young], now() + 301))],
      ['a secret that is over', () => verifies(old, headersOf([young]))],
      ['another id', () => verifies(young, { ...headersOf([young]), 'webhook-id': 'ntf_other' })],
    ])('is refused with %s', (_what, verification) => {
      expect(verification).toThrow();
    });
  });

  it('names the newest first, and key pairs after every secret', () => {
    const [a, b] = [newSecret(), newSecret()];
    const [p, q] = [newSigningPair(), newSigningPair()];
    const signed = signatureOf(ID, 1, BODY, [a, b], [p.signingKey, q.signingKey]).split(' ');
    expect(signed.map((one) => one.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a']);
    expect(signed.slice(0, 1)).toEqual(signatureOf(ID, 1, BODY, [a]).split(' '));
    const proven = (signature: string, publicKey: string): boolean =>
      verify(
        null,
        Buffer.from(`${ID}.1.${BODY}`),
        createPublicKey({
          key: Buffer.concat([
            Buffer.from('302a300506032b6570032100', 'hex'),
            Buffer.from(publicKey.slice('whpk_'.length), 'base64'),
          ]),
          format: 'der',
          type: 'spki',
        }),
        Buffer.from(signature.slice('v1a,'.length), 'base64'),
      );
    expect(proven(signed[2]!, p.publicKey)).toBe(true);
    expect(proven(signed[3]!, q.publicKey)).toBe(true);
    expect(proven(signed[2]!, q.publicKey)).toBe(false);
  });
});
