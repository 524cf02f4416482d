import { describe, expect, it } from 'vitest';

import { parseEmailAddress } from '../../../src/channels/email/email-address.js';

describe('a mail address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace+x@EXAMPLE.Com', 'Ada.Lovelace+x@example.com'],
    ["o'brien!#$%&*/=?^_`{|}~-@example.com", "o'brien!#$%&*/=?^_`{|}~-@example.com"],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@例え.テスト', 'ada@xn--r8jz45g.xn--zckzah'],
    ['a@b.co', 'a@b.co'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%s is taken', (to, address) => {
    expect(parseEmailAddress(to)).toEqual({ address });
  });

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@example',
    'ada@192.0.2.1',
    'ada@[192.0.2.1]',
    'ada@0x7f.1',
    'ada@1.2.3',
    'ada@example..com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@exa_mple.com',
    'ada@exam%70le.com',
    'ada@example.com/x',
    'ada@example.com:25',
    'ada@example.com.',
    'ada@xn--a.example', // no valid punycode
    '.ada@example.com',
    'ada.@example.com',
    'a..b@example.com',
    'ada lovelace@example.com',
    '"ada lovelace"@example.com',
    'ada@@example.com',
    'ada@b.com@example.com',
    'Ada <ada@example.com>',
    '<ada@example.com>',
    'ada@example.com, bob@example.com',
    'ada@example.com;bob@example.com',
    'friends: ada@example.com;',
    'ada(comment)@example.com',
    ' ada@example.com',
    'ada@example.com ',
    'ada@example.com\r\nRCPT TO:<evil@example.net>',
    'ada@example.com\n',
    'a\u0000da@example.com',
    'ada@exam\u0000ple.com',
    'ädä@example.com',
    'ada@exa\u202emple.com',
    'ada@exa\u200bmple.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(130)}com`,
    `ada@${'ü'.repeat(60)}.${'ü'.repeat(60)}.${'ü'.repeat(60)}.com`,
    'a'.repeat(1_000_000),
  ])('%j is refused with a sentence', (to) => {
    expect(parseEmailAddress(to)).toEqual({ fault: expect.stringMatching(/^must /) });
  });

  it('never repeats the address in its sentence', () => {
    for (const to of ['secret name@example.com', 'Ada <secret@example.com>', 'secret@secret']) {
      expect(JSON.stringify(parseEmailAddress(to))).not.toContain('secret');
    }
  });
});
