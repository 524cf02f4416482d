import { randomBytes } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { signatureOf } from '../../../src/channels/webhook/signature.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';
import { Sealer } from '../../../src/platform/crypto/sealer.js';

describe('the sealer', () => {
  const key = randomBytes(32);
  const sealer = new Sealer(key);

  it('opens what it sealed, text and bytes and nothing', () => {
    for (const plain of ['', 'Ada', '€🙂', 'a'.repeat(100_000)]) {
      expect(sealer.open(sealer.seal(plain, 'row'), 'row').toString('utf8')).toBe(plain);
    }
    expect(sealer.open(sealer.seal(Buffer.of(0, 255), 'row'), 'row')).toEqual(Buffer.of(0, 255));
  });

  it('never seals the same alike', () => {
    const sealed = Array.from({ length: 100 }, () => sealer.seal('same', 'row').toString('hex'));
    expect(new Set(sealed).size).toBe(100);
  });

  it('does not open what was moved to another row', () => {
    expect(() => sealer.open(sealer.seal('secret', 'row-1'), 'row-2')).toThrow();
  });

  it('notices every changed byte and every missing one', () => {
    const sealed = sealer.seal('secret', 'row');
    for (let at = 0; at < sealed.length; at++) {
      const tampered = Buffer.from(sealed);
      tampered[at]! ^= 1;
      expect(() => sealer.open(tampered, 'row')).toThrow();
      expect(() => sealer.open(sealed.subarray(0, at), 'row')).toThrow();
    }
    expect(() => sealer.open(Buffer.concat([sealed, Buffer.of(0)]), 'row')).toThrow();
  });

  it('says when it was sealed with another key, and says nothing of what was in it', () => {
    const sealed = sealer.seal('secret', 'row');
    expect(() => new Sealer(randomBytes(32)).open(sealed, 'row')).toThrow(/another ENCRYPTION_KEY/);
    expect(sealed.includes('secret')).toBe(false);
    expect(() => new Sealer(randomBytes(16))).toThrow(/32 bytes/);
  });
});

describe('keyed hashes', () => {
  it('depend on every part of text and key', () => {
    const hasher = new KeyedHasher(Buffer.alloc(32, 1));
    expect(hasher.hex('a', 16)).toBe(hasher.hex('a', 16));
    expect(hasher.hex('a', 16)).toMatch(/^[0-9a-f]{32}$/);
    expect(hasher.hex('a', 8)).toBe(hasher.hex('a', 16).slice(0, 16));
    expect(hasher.hex('b', 16)).not.toBe(hasher.hex('a', 16));
    expect(new KeyedHasher(Buffer.alloc(32, 2)).hex('a', 16)).not.toBe(hasher.hex('a', 16));
  });
});

describe('signatures of webhooks', () => {
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

  it('are those of the Standard Webhooks test vector', () => {
    expect(signatureOf('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', [SECRET])).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('are verified by the standardwebhooks library, with any live secret', () => {
    const secrets = [SECRET, `whsec_${randomBytes(32).toString('base64')}`];
    const timestamp = Math.floor(Date.now() / 1000);
    const body = '{"type":"invoice.paid","data":{"name":"Ada €🙂"}}';
    const headers = {
      'webhook-id': 'ntf_1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf('ntf_1', timestamp, body, secrets),
    };
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secrets[0]!).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(secrets[0]!).verify(body, { ...headers, 'webhook-id': 'ntf_2' })).toThrow();
    expect(() => new Webhook(`whsec_${randomBytes(32).toString('base64')}`).verify(body, headers)).toThrow();
  });
});
