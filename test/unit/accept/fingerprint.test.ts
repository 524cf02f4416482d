import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { keyHashOf, recipientKeyOf } from '../../../src/accept/business-key.js';
import { differingFields, fingerprintOf } from '../../../src/accept/fingerprint.js';
import type { NotificationRequest } from '../../../src/accept/notification.schema.js';
import { canonicalJson } from '../../../src/platform/canonical-json.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';

const hasher = new KeyedHasher(randomBytes(32));
const REQUEST: NotificationRequest = {
  type: 'welcome',
  recipient: 'ada@example.com',
  business_id: '1',
  channel: 'email',
  data: { name: 'Ada' },
};
const { data: _, ...WITHOUT_DATA } = REQUEST;
const print = (changes: Partial<NotificationRequest> = {}): Buffer =>
  fingerprintOf({ ...REQUEST, ...changes }, hasher);

describe('the fingerprint', () => {
  it('is the same for the same content, however it is said', () => {
    for (const same of [
      {},
      { to: 'ada@example.com' },
      { template: 'welcome' },
      { lane: 'transactional' as const },
      { metadata: { a: 1 } },
      { business_id: '2' },
    ]) {
      expect(differingFields(print(), print(same))).toEqual([]);
      expect(print(same).equals(print())).toBe(true);
    }
    expect(print({ data: {} }).equals(fingerprintOf(WITHOUT_DATA, hasher))).toBe(true);
  });

  it('names every field that differs, that came and that went', () => {
    const other = print({
      channel: 'sms',
      to: 'b',
      data: { name: 'B' },
      template: 't',
      locale: 'de',
      lane: 'bulk',
      send_at: 'x',
      expires_at: 'y',
      expires_in: 'z',
      on_in_doubt: 'park',
      ordering_key: 'k',
    });
    const all = [
      'channel',
      'to',
      'data',
      'template',
      'locale',
      'lane',
      'send_at',
      'expires_at',
      'expires_in',
      'on_in_doubt',
      'ordering_key',
    ];
    expect(differingFields(print(), other)).toEqual(all);
    expect(differingFields(other, print())).toEqual(all);
    expect(differingFields(print({ locale: 'de' }), print())).toEqual(['locale']);
  });

  it('does not confuse a value with its neighbour’s', () => {
    expect(differingFields(print({ expires_in: '1h' }), print({ ordering_key: '1h' }))).toEqual([
      'expires_in',
      'ordering_key',
    ]);
  });

  it('says nothing without the key', () => {
    expect(fingerprintOf(REQUEST, new KeyedHasher(randomBytes(32))).equals(print())).toBe(false);
    expect(print().includes('Ada')).toBe(false);
  });

  it('writes data one way only', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    expect(canonicalJson({ 10: 1, 9: 2, a: 3 })).toBe(canonicalJson({ a: 3, 9: 2, 10: 1 }));
    expect(canonicalJson({ 'a":1,"b': 1 })).not.toBe(canonicalJson({ a: 1, b: 1 }));
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson(['1', '2']));
    expect(canonicalJson(-0)).toBe(canonicalJson(0));
  });
});

describe('the key', () => {
  it('knows where each part ends', () => {
    const keys = [
      ['a', 'bc', 'd'],
      ['ab', 'c', 'd'],
      ['a', 'b', 'cd'],
      ['a', 'bcd', ''],
      ['A', 'bc', 'd'],
      ['a', 'bc', 'd '],
      ['a', '1:b', 'c'],
      ['a1', ':b', 'c'],
    ] as const;
    expect(new Set(keys.map(([type, recipient, id]) => keyHashOf(hasher, type, recipient, id))).size).toBe(
      keys.length,
    );
    expect(keyHashOf(hasher, 'a', 'b', 'c')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('makes of a recipient a number that PostgreSQL reads as bigint', () => {
    for (let i = 0; i < 200; i++) {
      const key = BigInt(recipientKeyOf(hasher, `r-${i}`));
      expect(key).toBe(BigInt.asIntN(64, key));
    }
  });
});
