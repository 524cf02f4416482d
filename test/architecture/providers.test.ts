import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { ProviderKind } from '../../src/channels/channel.js';
import { EmailChannel } from '../../src/channels/email/email.channel.js';
import { RESEND_ROWS } from '../../src/channels/email/providers/resend/resend-classification.js';
import { SmsChannel } from '../../src/channels/sms/sms.channel.js';
import { httpKind } from '../../src/channels/webhook/providers/http/http.kind.js';
import { AddressFilter } from '../../src/platform/http/address-filter.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/providers.md', import.meta.url)), 'utf8');

const KINDS: readonly ProviderKind[] = [
  ...new EmailChannel({ hasEmail: () => false, renderEmail: () => ({ subject: '', text: '' }) }).kinds,
  ...new SmsChannel({ hasSms: () => false, renderSms: () => '' }).kinds,
  httpKind({ find: async () => undefined }, new AddressFilter([])),
];

const sectionOf = (kind: string): string =>
  page.split(/^## /m).find((text) => text.startsWith(`${kind}\n`)) ?? '';

describe('docs/providers.md', () => {
  it.each(KINDS)('has the options of $kind, and no others', ({ kind, options }) => {
    const table = /^\| Option [^]*?(?=\n\n)/m.exec(sectionOf(kind))?.[0] ?? '';
    const listed = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(options.properties).sort());
    expect(page).toContain(`[\`${kind}\`](#${kind})`);
  });

  it('has every error of Resend’s that is told apart', () => {
    const missing = RESEND_ROWS.flatMap(({ names }) => names ?? []).filter(
      (name) => !sectionOf('resend').includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});
