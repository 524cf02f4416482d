import { expect, it } from 'vitest';

import type { Letter } from '../../../src/channels/channel.js';
import { EmailChannel } from '../../../src/channels/email/email.channel.js';

it('composes with the template, the locale and the data, and knows which templates there are', () => {
  const seen: unknown[] = [];
  const channel = new EmailChannel({
    hasEmail: (template) => template === 'welcome',
    renderEmail: (...args) => {
      seen.push(args);
      return { subject: 'Hi', text: 'Hello' };
    },
  });
  const letter: Letter = {
    id: 'ntf_a',
    type: 't',
    template: 'welcome',
    locale: 'de',
    data: { a: 1 },
    createdAt: new Date(0),
    lane: 'transactional',
  };
  expect(channel.compose(letter)).toEqual({ kind: 'email', subject: 'Hi', text: 'Hello' });
  expect(seen).toEqual([['welcome', 'de', { a: 1 }]]);
  expect([channel.hasTemplate('welcome'), channel.hasTemplate('other')]).toEqual([true, false]);
  expect(channel.parseAddress('Ada@EXAMPLE.com')).toEqual({ address: 'Ada@example.com' });
  expect(channel.kinds.map(({ kind }) => kind)).toEqual(['smtp', 'resend']);
});
