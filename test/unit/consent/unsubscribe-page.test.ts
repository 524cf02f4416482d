import { expect, it } from 'vitest';

import { maskedAddress } from '../../../src/consent/masked-address.js';
import { askPage, donePage, unknownPage } from '../../../src/consent/unsubscribe-page.js';

it('writes what comes from outside as text', () => {
  const hostile = {
    type: '<script>alert(1)</script>',
    address: `"'><img src=x onerror=alert(1)>&@x.example`,
  };
  for (const { html } of [askPage(hostile), donePage(hostile)]) {
    expect(html).not.toContain('<script');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain('&quot;&#39;&gt;&lt;img');
  }
});

it('may load nothing, run nothing and post only its own form', () => {
  for (const { headers } of [askPage({ type: 't', address: undefined }), unknownPage()]) {
    const policy = headers['content-security-policy']!.split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'none'", "form-action 'self'"]),
    );
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(headers['x-robots-tag']).toContain('noindex');
  }
});

it('says nothing of an address that has been erased', () => {
  expect(askPage({ type: 'news', address: undefined }).html).toContain('<strong>news</strong>.');
});

it.each([
  ['ada@example.com', 'a•••@example.com'],
  ['x@example.com', 'x•••@example.com'],
  ['+491701234567', '+49•••67'],
])('shows %s as %s', (address, masked) => {
  expect(maskedAddress(address)).toBe(masked);
});
