import { describe, expect, it } from 'vitest';

import { parseRetryAfterMs } from '../../../src/channels/retry-after.js';

const NOW = new Date('1994-11-06T08:49:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['999999999', 999_999_999_000],
  ])('reads %o as seconds', (header, ms) => {
    expect(parseRetryAfterMs(header, NOW)).toBe(ms);
  });

  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Sunday, 06-Nov-94 08:49:37 GMT'],
    ['Sun Nov  6 08:49:37 1994'],
  ])('reads the date %o', (header) => {
    expect(parseRetryAfterMs(header, NOW)).toBe(37_000);
  });

  it('takes a date in the past for now', () => {
    expect(parseRetryAfterMs('Sun, 06 Nov 1993 08:49:37 GMT', NOW)).toBe(0);
  });

  it('takes the first of several', () => {
    expect(parseRetryAfterMs(['3', '9'], NOW)).toBe(3_000);
  });

  it.each([
    undefined,
    '',
    'soon',
    '-5',
    '1.5',
    '1e9',
    '9999999999999999',
    '2026-01-01',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    'Sun, 06 Xyz 1994 08:49:37 GMT',
    [],
  ])('ignores %o', (header) => {
    expect(parseRetryAfterMs(header, NOW)).toBeUndefined();
  });
});
