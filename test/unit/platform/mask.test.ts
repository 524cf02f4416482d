import { describe, expect, it } from 'vitest';

import { mask } from '../../../src/platform/logging/mask.js';

describe('mask', () => {
  it.each([
    ['550 5.1.1 <ada@example.com>: no such user', '550 5.1.1 <***@***>: no such user'],
    ['to=ada+tag@mail.example.co.uk, from="x@y.example"', '***@***, from="***@***"'],
    ['sent to +4917012345678.', 'sent to +***.'],
    ['Authorization: Bearer ph_abc123_0123456789abcdefABCDEF', 'Authorization: Bearer ******'],
    ['key ph_abc123_0123456789abcdefABCDEF_-x', 'key ph_abc123_***'],
    ['Basic dXNlcjpwYXNzd29yZA==', 'Basic ***'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_***'],
    ['postgres://user:pa55word@db.example:5432/x', 'postgres:***@***:5432/x'],
    ['redis://:pa55@cache:6379', 'redis://***@cache:6379'],
    ['smtps://me%40x.example:p%40ss@mail.example', 'smtps:***@***'],
    ['three a@b.example c@d.example e@f.example', 'three ***@*** ***@*** ***@***'],
    ['to ada@example.com now', 'to ***@*** now'],
    ['key ph_bench_abcdefgh12', 'key ph_bench_***'],
    ['BEARER abcdefgh1', 'BEARER ***'],
    ['basic dXNlcjpwYXNz', 'basic ***'],
    ['postgres://user:pass@host/db', 'postgres://***@host/db'],
    ['postgres://:pass@host/db', 'postgres://***@host/db'],
  ])('hides what %j holds, alone and among other words', (text, masked) => {
    expect(mask(text)).toBe(masked);
    expect(mask(`one two, ${text}`)).toBe(`one two, ${masked}`);
  });

  it.each([
    'delivery.attempted',
    'The endpoint answered 200.',
    '2026-11-22T09:00:00.000Z',
    'http_503',
    'ntf_01jcz5m8q4e2r8t0v2w4x6y8za',
    'https://example.com/a?b=c',
    '1 + 1 = 2',
    'a@b',
    '@',
    '+',
    '',
  ])('leaves %j as it is', (text) => expect(mask(text)).toBe(text));

  it('takes no longer for long texts than for many short ones', () => {
    const begun = performance.now();
    for (const part of [
      'a',
      '+',
      '@',
      '.',
      'a.',
      ':',
      '://',
      'a://',
      'ph_',
      'whsec_',
      'Bearer ',
      '+1',
      'a@',
      '@a.',
      ' ',
      '<',
    ])
      mask(part.repeat(100_000 / part.length));
    // Quadratic, one of these alone took six seconds. Generous: the machine is shared.
    expect(performance.now() - begun).toBeLessThan(4_000);
  });
});
