import { expect, it } from 'vitest';

import type { Letter } from '../../../src/channels/channel.js';
import { EmailChannel } from '../../../src/channels/email/email.channel.js';
import { unsubscribeHeaders } from '../../../src/channels/email/unsubscribe-headers.js';

const URL = 'https://notify.example/v1/unsubscribe/token';
const content = (unsubscribeUrl?: string) =>
  ({ kind: 'email', subject: 's', text: 't', ...(unsubscribeUrl ? { unsubscribeUrl } : {}) }) as const;

it('promises one click over https alone', () => {
  expect(unsubscribeHeaders(content(URL))).toEqual({
    'List-Unsubscribe': `<${URL}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  });
  expect(unsubscribeHeaders(content('http://localhost/u'))).toEqual({
    'List-Unsubscribe': '<http://localhost/u>',
  });
  expect(unsubscribeHeaders(content())).toEqual({});
});

it('gives bulk mail its link, in its content and to its template, and no other mail', () => {
  const data: unknown[] = [];
  const templates = {
    hasEmail: () => true,
    renderEmail: (_template: string, _locale: string | undefined, given: Record<string, unknown>) => {
      data.push(given);
      return { subject: 's', text: 't' };
    },
  };
  const channel = new EmailChannel(templates, { urlFor: () => URL });
  const letter: Letter = {
    id: 'ntf_a',
    type: 'news',
    template: 'news',
    locale: undefined,
    data: { name: 'Ada' },
    createdAt: new Date(0),
    lane: 'bulk',
  };
  expect(channel.compose(letter)).toEqual(content(URL));
  expect(channel.compose({ ...letter, lane: 'transactional' })).toEqual(content());
  expect(data).toEqual([{ name: 'Ada', unsubscribe_url: URL }, { name: 'Ada' }]);
});
