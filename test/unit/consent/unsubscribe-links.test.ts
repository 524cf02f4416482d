import { describe, expect, it } from 'vitest';

import { UnsubscribeLinks } from '../../../src/consent/unsubscribe-links.js';
import { toPublicId } from '../../../src/domain/public-id.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';

const UUID = '01890a5d-ac96-774b-bcce-b302099a8057';
const OTHER = '01890a5d-ac96-774b-bcce-b302099a8058';
const hasher = new KeyedHasher(Buffer.alloc(32, 7));
const links = new UnsubscribeLinks(hasher, 'https://notify.example/mail/');
const tokenOf = (uuid: string, of = links): string =>
  of.urlFor(toPublicId('notification', uuid))!.split('/').at(-1)!;

describe('a link to unsubscribe', () => {
  it('names its notification, below the public URL', () => {
    const url = links.urlFor(toPublicId('notification', UUID))!;
    expect(url).toMatch(/^https:\/\/notify\.example\/mail\/v1\/unsubscribe\/[A-Za-z0-9_-]{44}$/);
    expect(links.read(tokenOf(UUID))).toBe(UUID);
  });

  it('is the same for every attempt, and another for every notification', () => {
    expect(tokenOf(UUID)).toBe(tokenOf(UUID));
    expect(tokenOf(UUID)).not.toBe(tokenOf(OTHER));
  });

  it('is not made without a public URL', () => {
    expect(new UnsubscribeLinks(hasher, undefined).urlFor(toPublicId('notification', UUID))).toBeUndefined();
  });

  it('is worth nothing with any one bit changed', () => {
    const bytes = Buffer.from(tokenOf(UUID), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(links.read(forged.toString('base64url')), `bit ${bit}`).toBeUndefined();
    }
  });

  it('is worth nothing with the signature of another, or of another installation', () => {
    const [mine, theirs] = [
      Buffer.from(tokenOf(UUID), 'base64url'),
      Buffer.from(tokenOf(OTHER), 'base64url'),
    ];
    const mixed = Buffer.concat([mine.subarray(0, 17), theirs.subarray(17)]).toString('base64url');
    expect(links.read(mixed)).toBeUndefined();
    const elsewhere = new UnsubscribeLinks(new KeyedHasher(Buffer.alloc(32, 8)), 'https://notify.example');
    expect(links.read(tokenOf(UUID, elsewhere))).toBeUndefined();
  });

  it.each([
    '',
    'x',
    'A'.repeat(44),
    'A'.repeat(43),
    'A'.repeat(100_000),
    `${'A'.repeat(43)}=`,
    `${'A'.repeat(43)}\u0000`,
    '../../v1/notifications',
    "' OR 1=1 --",
    '__proto__',
    'é'.repeat(44),
  ])('knows %j for none of ours', (token) => {
    expect(links.read(token)).toBeUndefined();
  });
});
