import { describe, expect, it } from 'vitest';

import { mask } from '../../../src/platform/logging/mask.js';

describe('mask', () => {
  it.each([
    ['to ada@example.com now', 'to ***@*** now'],
    ['call +491701234567', 'call +***'],
    ['key ph_bench_abcdefgh12', 'key ph_bench_***'],
    ['whsec_QUJDREVG', 'whsec_***'],
    ['BEARER abcdefgh1', 'BEARER ***'],
    ['basic dXNlcjpwYXNz', 'basic ***'],
    ['postgres://user:pass@host/db', 'postgres://***@host/db'],
    ['postgres://:pass@host/db', 'postgres://***@host/db'],
  ])('hides what %j holds, alone and among other words', (text, masked) => {
    expect(mask(text)).toBe(masked);
    expect(mask(`one two, ${text}`)).toBe(`one two, ${masked}`);
  });

  it('leaves everything else as it is', () => {
    for (const text of ['delivery.attempted', 'http_200', 'The endpoint answered 200.', ''])
      expect(mask(text)).toBe(text);
  });
});
