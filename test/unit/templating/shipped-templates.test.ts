import { describe, expect, it } from 'vitest';

import { checkTemplates } from '../../../src/templating/template-check.js';
import { htmlFault } from '../../../src/templating/html-balance.js';
import { Templates } from '../../../src/templating/templates.js';
import { faultsOf, load } from './template-folder.js';

const templates = Templates.load('templates');
const letters = templates.list().flatMap((type) =>
  [undefined, ...type.locales].map((locale) => ({
    name: type.name,
    locale,
    data: (locale === undefined ? undefined : type.samples[locale]) ?? type.sample,
  })),
);

it('ships the five, the invoice in two languages', () => {
  expect(letters.map(({ name, locale }) => [name, locale])).toEqual([
    ['invoice.issued', undefined],
    ['invoice.issued', 'de'],
    ['order.shipped', undefined],
    ['otp.code', undefined],
    ['password.reset', undefined],
    ['welcome', undefined],
  ]);
});

it('passes its own check', () => {
  expect(checkTemplates(templates).flatMap(({ faults }) => faults)).toEqual([]);
});

describe.each(letters)('$name ($locale)', ({ name, locale, data }) => {
  const email = templates.renderEmail(name, locale, data);

  it('is whole without any brand', () => {
    const { brand: _, ...rest } = data;
    expect(templates.renderEmail(name, locale, rest).html).toContain('Posthaste');
  });

  it('says its language and carries a preheader and dark colours', () => {
    expect(email.html).toContain(`<html lang="${locale ?? 'en'}"`);
    expect(email.html).toContain('prefers-color-scheme: dark');
    expect(email.html).toMatch(/display:none;[^>]*>[^<&]{20,}/);
  });

  it('loads nothing from anywhere, and links only by safe addresses', () => {
    expect(email.html).not.toMatch(/<(script|link|iframe|object)\b|url\(|@import/i);
    for (const [, href] of email.html!.matchAll(/\b(?:href|src)="([^"]*)"/g))
      expect(href).toMatch(/^(https|mailto):/);
  });

  it('has a text that says what the HTML says', () => {
    for (const [, href] of email.html!.matchAll(/href="(https:[^"]*)"/g)) expect(email.text).toContain(href);
    expect(email.text).not.toMatch(/<[a-z]|&[a-z#]+;|\n\n\n| \n/);
  });

  it('stays well formed and inert when every text is an attack', () => {
    const attack = (value: unknown, key = ''): unknown => {
      if (Array.isArray(value)) return value.map((item) => attack(item));
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, attack(v, k)]));
      }
      return typeof value === 'string' && !/url|color|email/.test(key) ? `"><script>x</script><b '` : value;
    };
    const { html, subject } = templates.renderEmail(name, locale, attack(data) as Record<string, unknown>);
    expect(htmlFault(html!)).toBeUndefined();
    expect(html).not.toContain('<script');
    expect(subject).not.toMatch(/\p{Cc}/u);
  });
});

it.each([
  ['welcome', { name: 'Ada' }],
  ['otp.code', { code: '123456' }],
  ['password.reset', { reset_url: 'https://a.example/r' }],
  ['order.shipped', { order_number: '1' }],
  ['invoice.issued', { name: 'Ada', total: '12.00 EUR' }],
])('%s needs no more than %j, and all of it', (name, data) => {
  expect(templates.renderEmail(name, 'de', data).text).not.toBe('');
  expect(
    faultsOf(() => templates.renderEmail(name, undefined, {}))
      .map(({ path }) => path)
      .sort(),
  ).toEqual(
    Object.keys(data)
      .map((key) => `/data/${key}`)
      .sort(),
  );
});

it('refuses a link that runs', () => {
  expect(
    faultsOf(() => templates.renderEmail('password.reset', undefined, { reset_url: 'javascript:x' }))[0]!
      .path,
  ).toBe('/data/reset_url');
});

describe('the check', () => {
  it('finds what a sample lacks, in whatever branch it stands', () => {
    const checked = checkTemplates(
      load({ 't/sms.liquid': 'x{% if a %}{{ b }}{% endif %}', 't/sample.json': '{"a": false}' }),
    );
    expect(checked[0]!.faults).toEqual(['sample.json lacks b']);
  });

  it('finds tags that do not fit and texts that cost too much', () => {
    const checked = checkTemplates(
      load({
        't/email.subject.liquid': 's',
        't/email.text.liquid': 't',
        't/email.html.liquid': '<table><tr><td>x</tr></td></table>',
        't/sms.liquid': 'ж'.repeat(202),
        't/sample.json': '{}',
      }),
    );
    expect(checked.map(({ faults }) => faults)).toEqual([
      ['email.html: </tr> in line 1 closes <td>'],
      ['sms: 4 segments; 3 are allowed'],
    ]);
  });
});
