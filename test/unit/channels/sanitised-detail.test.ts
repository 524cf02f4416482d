import { describe, expect, it } from 'vitest';

import { sanitisedDetail } from '../../../src/channels/sanitised-detail.js';

describe('a detail from outside', () => {
  it.each([
    ['550 5.1.1 <Ada.L+x@Example.com>: unknown', '550 5.1.1 <<address>>: unknown'],
    ['550 5.1.1 <ADA@example.com>: unknown', '550 5.1.1 <<hidden>>: unknown'],
    ['550 no "ada" here; try ada@other.example', '550 no "<hidden>" here; try <address>'],
    ['mailbox ada.lovelace', 'mailbox <hidden>.lovelace'],
    ['Canada is fine', 'Canada is fine'],
  ])('hides addresses: %s', (text, shown) => {
    expect(sanitisedDetail(text, ['ada@example.com'])).toBe(shown);
  });

  it.each([
    "'+15551234567' is not a number",
    'To (555) 123-4567',
    'to=15551234567',
    '+1 555.123.4567 unreachable',
  ])('hides a number however it is written: %s', (text) => {
    expect(sanitisedDetail(text, ['+15551234567']).replace(/\D/g, '')).toBe('');
  });

  it('hides numbers it was not told of', () => {
    expect(sanitisedDetail('also sent to +49 170 1234567 now')).toBe('also sent to <number> now');
  });

  it('hides secrets, also those made of regular expression syntax', () => {
    expect(sanitisedDetail('token a.*(b was wrong', ['a.*(b'])).toBe('token <hidden> was wrong');
    expect(sanitisedDetail('user a-b.c/d is gone', ['a-b.c/d@example.com'])).toBe('user <hidden> is gone');
    expect(sanitisedDetail('nothing to hide', [''])).toBe('nothing to hide');
  });

  it('is one line without control, format or unpaired characters', () => {
    expect(sanitisedDetail('a\r\nb\u0000c\u202ed\ud800e\u2028f')).toBe('a b c d e f');
  });

  it('is at most one kilobyte, whatever comes', () => {
    expect(Buffer.byteLength(sanitisedDetail('ü😀'.repeat(100_000)))).toBeLessThanOrEqual(1_024);
  });

  it('takes time linear in hostile text', () => {
    const start = performance.now();
    for (const text of [
      '@'.repeat(1e6),
      '+1'.repeat(5e5),
      '+1 '.repeat(3e5),
      'a'.repeat(1e6),
      '1 ('.repeat(3e5),
    ]) {
      sanitisedDetail(text, ['a@b.c', '+15551234567']);
    }
    // Quadratic, one of these would take minutes. Generous: the machine is shared.
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
