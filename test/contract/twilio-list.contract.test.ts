import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Call, Evidence, Inquiry, Provider, SmsContent } from '../../src/channels/channel.js';
import { twilioKind } from '../../src/channels/sms/providers/twilio/twilio.kind.js';
import { providerConfig } from '../support/provider-config.js';
import {
  type ListTurn,
  type ScriptedTwilio,
  startScriptedTwilio,
  textOf,
} from '../support/scripted-twilio.js';

const TO = '+15551234567';
const ACCOUNT = 'AC00000000000000000000000000000001';
const TOKEN = 'a.very+secret/token';
const BODY = 'Your code is 123456';

describe('what Twilio has of a text', () => {
  let twilio: ScriptedTwilio;
  let provider: Provider<SmsContent>;
  let shutdown: AbortController;

  beforeEach(async () => {
    twilio = await startScriptedTwilio();
    provider = create(twilio.url);
    shutdown = new AbortController();
  });

  afterEach(async () => {
    await provider.close();
    await twilio.close();
  });

  const create = (baseUrl: string): Provider<SmsContent> =>
    twilioKind.create(
      providerConfig('sms', 'twilio', {
        account_sid: ACCOUNT,
        auth_token: TOKEN,
        base_url: baseUrl,
        from: '+15005550006',
      }),
    );
  const evidence = (more: Partial<Evidence<SmsContent>> = {}): Evidence<SmsContent> => ({
    to: TO,
    since: new Date(Date.now() - 60_000),
    until: new Date(Date.now() + 60_000),
    isSame: ({ text }) => text === BODY,
    ...more,
  });
  const find = (more: Partial<Evidence<SmsContent>> = {}): Promise<Inquiry> => {
    const call: Call = { signal: shutdown.signal, now: () => new Date() };
    return provider.find!(evidence(more), call);
  };
  const found = (...numbers: number[]) => ({
    kind: 'answered',
    matches: numbers.map((number) =>
      expect.objectContaining({ providerMessageId: textOf(number, TO, BODY).sid }),
    ),
  });

  it('is asked for by number and day, with our login', async () => {
    const since = new Date('2026-11-21T23:59:00Z');
    await find({ since });
    const [look] = twilio.looks;
    const url = new URL(look!.path, twilio.url);
    expect(url.pathname).toBe(`/2010-04-01/Accounts/${ACCOUNT}/Messages.json`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      To: TO,
      'DateSent>': '2026-11-21',
      PageSize: '50',
    });
    expect(look!.headers.authorization).toBe(
      `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`,
    );
  });

  it.each([
    ['queued', null, { status: 'sent', code: 'twilio_queued', class: null }],
    ['sent', null, { status: 'sent', code: 'twilio_sent', class: null }],
    ['delivered', null, { status: 'delivered', code: 'twilio_delivered', class: null }],
    ['undelivered', 30005, { status: 'bounced', code: 'twilio_30005', class: 'suppress' }],
    ['failed', null, { status: 'bounced', code: 'twilio_failed', class: 'permanent' }],
    ['a status of tomorrow', null, { status: 'sent', code: 'twilio_listed', class: null }],
  ])('stands there as %s', async (status, errorCode, expected) => {
    twilio.texts.push(textOf(1, TO, BODY, { status, error_code: errorCode }));
    expect(await find()).toEqual({
      kind: 'answered',
      matches: [{ providerMessageId: textOf(1, TO, BODY).sid, ...expected }],
    });
  });

  it.each([
    ['of other content', { body: 'Your code is 654321' }],
    ['that came in', { direction: 'inbound' }],
    ['of an hour ago', { date_created: new Date(Date.now() - 3_600_000).toUTCString() }],
    ['of an hour later', { date_created: new Date(Date.now() + 3_600_000).toUTCString() }],
    ['of no time', { date_created: 'yesterday' }],
  ])('is none %s', async (_, more) => {
    twilio.texts.push(textOf(1, TO, BODY, more));
    expect(await find()).toEqual({ kind: 'answered', matches: [] });
  });

  it('is told oldest first, over pages', async () => {
    twilio.pageSize = 2;
    for (let i = 1; i <= 5; i++) twilio.texts.push(textOf(i, TO, i === 3 ? 'other' : BODY));
    expect(await find()).toEqual(found(1, 2, 4, 5));
    expect(twilio.looks).toHaveLength(3);
  });

  it('is not denied when the list is longer than what is read', async () => {
    twilio.pageSize = 1;
    for (let i = 1; i <= 9; i++) twilio.texts.push(textOf(i, TO, i === 1 ? BODY : 'other'));
    expect(await find()).toMatchObject({ kind: 'unanswered', code: 'list_too_long' });
    expect(twilio.looks).toHaveLength(5);
  });

  it.each<[ListTurn, string]>([
    ['error', 'http_500'],
    ['garbage', 'http_200'],
  ])('is not denied by an %s', async (turn, code) => {
    twilio.texts.push(textOf(1, TO, BODY));
    twilio.onList(turn);
    expect(await find()).toMatchObject({ kind: 'unanswered', code });
    expect(await find()).toEqual(found(1));
  });

  it('is not denied by a server that is away, and the answer names nobody', async () => {
    const away = create('http://127.0.0.1:1');
    const inquiry = await away.find!(evidence(), { signal: shutdown.signal, now: () => new Date() });
    expect(inquiry).toMatchObject({ kind: 'unanswered', code: 'connect_refused' });
    for (const secret of [TO, TOKEN, ACCOUNT]) expect(JSON.stringify(inquiry)).not.toContain(secret);
    await away.close();
  });

  it.each([
    'https://elsewhere.example/2010-04-01/x.json?Page=1',
    '//elsewhere.example/x?Page=1',
    '/2010-04-01/Accounts/AC2/Messages.json?Page=1',
  ])('takes our login nowhere else: %s', async (next) => {
    twilio.server.script({ status: 200, body: JSON.stringify({ messages: [], next_page_uri: next }) });
    expect(await find()).toMatchObject({ kind: 'unanswered', code: 'list_leads_elsewhere' });
    expect(twilio.server.messages).toHaveLength(1);
  });

  it.each([{ messages: [null, 1, 'x', {}, { sid: 'SM1' }, { sid: { $: 1 } }] }, { messages: [[]] }])(
    'survives what is no message: %j',
    async (page) => {
      twilio.server.script({ status: 200, body: JSON.stringify(page) });
      expect(await find()).toEqual({ kind: 'answered', matches: [] });
    },
  );

  it('takes a page of texts that JSON makes six times as long', async () => {
    for (let i = 1; i <= 50; i++) twilio.texts.push(textOf(i, TO, '\u0001'.repeat(1_600)));
    expect(await find({ isSame: ({ text }) => text.length === 1_600 })).toEqual(
      found(...Array.from({ length: 50 }, (_, i) => i + 1)),
    );
  });

  it('is not read beyond 1 MB', async () => {
    twilio.server.script({ status: 200, body: JSON.stringify({ messages: [], x: 'x'.repeat(1_100_000) }) });
    expect(await find()).toMatchObject({ kind: 'unanswered', code: 'answer_too_large' });
  });

  it('is not asked for once this process stops', async () => {
    shutdown.abort();
    expect(await find()).toMatchObject({ kind: 'unanswered' });
    expect(twilio.looks).toHaveLength(0);
  });
});
