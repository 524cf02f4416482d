import { describe, expect, it } from 'vitest';

import type { ChannelName, InDoubtRule } from '../../../src/domain/channel.js';
import { decideNext, decideUnfound, type Next, type Situation } from '../../../src/domain/decide-next.js';
import { type Doubts, keyLeftMs } from '../../../src/domain/doubt.js';
import { type ErrorClass, type Failed, failed } from '../../../src/domain/outcome.js';
import { DEFAULT_IN_DOUBT, DEFAULT_RETRY } from '../../../src/domain/retry-policy.js';
import { mayBecome } from '../../../src/domain/status.js';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What providers are capable of, by the kinds there are. */
const SMTP = { keyLeftMs: 0, canBeAsked: false };
const RESEND = { keyLeftMs: DAY, canBeAsked: false };
const TWILIO = { keyLeftMs: 0, canBeAsked: true };
const GATEWAY = { keyLeftMs: 0, canBeAsked: false };
const HOOK = { keyLeftMs: Infinity, canBeAsked: false };

interface Given {
  channel: ChannelName;
  rule: InDoubtRule;
  provider: Omit<Doubts, 'count' | 'hasOther'>;
  tries?: number;
  doubts?: number;
  hasOther?: boolean;
  more?: Partial<Situation>;
}

const at = ({
  channel,
  rule,
  provider,
  tries = 1,
  doubts = 1,
  hasOther = false,
  more = {},
}: Given): Situation => ({
  tries,
  nowMs: NOW,
  deadlineMs: NOW + 3 * DAY,
  expiresMs: undefined,
  policy: { ...DEFAULT_RETRY[channel], jitter: 0 },
  onInDoubt: rule,
  doubts: { ...provider, count: doubts, hasOther },
  random: 0.5,
  ...more,
});

const failure = (kind: Failed['kind'], errorClass: ErrorClass): Failed =>
  failed(kind, { class: errorClass, code: 'code', detail: '', scope: 'message' });
const doubt = failure('in_doubt', 'in_doubt');

const again = (delayMs: number): Next => ({ status: 'retrying', reason: 'code', delayMs, consumesTry: true });
const parked: Next = { status: 'in_doubt', reason: 'code' };
const asked: Next = { status: 'in_doubt', reason: 'code', askInMs: 30_000 };
const dead = (errorClass: ErrorClass): Next => ({ status: 'dead', reason: 'code', class: errorClass });

describe('a doubt', () => {
  it('has a default for each channel', () => {
    expect(DEFAULT_IN_DOUBT).toEqual({ email: 'once', sms: 'park', webhook: 'retry' });
    expect(DEFAULT_RETRY.email.inDoubtDelayMs).toBe(15 * MINUTE);
    for (const { askAfterMs } of Object.values(DEFAULT_RETRY))
      expect(askAfterMs).toEqual([30_000, 2 * MINUTE, 5 * MINUTE]);
  });

  const mail = (rule: InDoubtRule, provider: Given['provider'], rest: Partial<Given> = {}): Given => ({
    channel: 'email',
    rule,
    provider,
    ...rest,
  });
  const text = (rule: InDoubtRule, provider: Given['provider'], rest: Partial<Given> = {}): Given => ({
    channel: 'sms',
    rule,
    provider,
    ...rest,
  });
  const hook = (rule: InDoubtRule, rest: Partial<Given> = {}): Given => ({
    channel: 'webhook',
    rule,
    provider: HOOK,
    ...rest,
  });
  const noRetries = { more: { policy: { ...DEFAULT_RETRY.email, jitter: 0, retries: 0 } } };

  it.each<[string, Given, Next]>([
    ['mail by SMTP, by default: once, after 15 minutes', mail('once', SMTP), again(15 * MINUTE)],
    ['mail by SMTP, by default, doubtful again: parked', mail('once', SMTP, { tries: 2, doubts: 2 }), parked],
    ['mail by SMTP, by default, without retries: parked', mail('once', SMTP, noRetries), parked],
    ['mail by Resend, by default: quickly', mail('once', RESEND), again(1_000)],
    ['mail by Resend, doubtful again: quickly', mail('once', RESEND, { tries: 3, doubts: 3 }), again(4_000)],
    ['mail by Resend, to the end: parked', mail('once', RESEND, { tries: 6, doubts: 6 }), parked],
    [
      'mail by Resend, the key forgotten before the retry: parked',
      mail('once', { ...RESEND, keyLeftMs: 1_000 }, { doubts: 2 }),
      parked,
    ],
    [
      'mail by Resend, the key forgotten: as by SMTP',
      mail('once', { ...RESEND, keyLeftMs: 0 }, { doubts: 2 }),
      parked,
    ],
    [
      'mail by SMTP, to be retried: 15 minutes between',
      mail('retry', SMTP, { tries: 4, doubts: 4 }),
      again(15 * MINUTE),
    ],
    [
      'mail by SMTP, retried to the end: parked, not dead',
      mail('retry', SMTP, { tries: 6, doubts: 6 }),
      parked,
    ],
    ['mail by Resend, to be retried: quickly', mail('retry', RESEND, { tries: 2, doubts: 2 }), again(2_000)],
    [
      'mail by Resend, to be retried, the key forgotten: 15 minutes between',
      mail('retry', { ...RESEND, keyLeftMs: 0 }, { tries: 2, doubts: 2 }),
      again(15 * MINUTE),
    ],
    ['mail, to be parked', mail('park', SMTP), parked],
    ['mail by Resend, to be parked', mail('park', RESEND), parked],
    ['mail, to fail over: at once', mail('failover', SMTP, { hasOther: true }), again(0)],
    ['mail, to fail over, tries spent: parked', mail('failover', SMTP, { hasOther: true, tries: 6 }), parked],
    ['mail, to fail over to nobody: as retry', mail('failover', SMTP), again(15 * MINUTE)],

    ['text by Twilio, by default: asked', text('park', TWILIO), asked],
    ['text by Twilio, to be retried: asked first', text('retry', TWILIO), asked],
    [
      'text by Twilio, to fail over: at once, nobody is asked',
      text('failover', TWILIO, { hasOther: true }),
      again(0),
    ],
    ['text by Twilio, to fail over to nobody: asked', text('failover', TWILIO), asked],
    [
      'text by Twilio, never to be asked: parked',
      text('park', TWILIO, { more: { policy: { ...DEFAULT_RETRY.sms, askAfterMs: [] } } }),
      parked,
    ],
    ['text by a gateway that cannot be asked: parked', text('park', GATEWAY), parked],
    [
      'text by such a gateway, to be retried: quickly',
      text('retry', GATEWAY, { tries: 2, doubts: 2 }),
      again(2_000),
    ],

    ['webhook, by default: on the schedule', hook('retry', { tries: 3, doubts: 3 }), again(4_000)],
    [
      'webhook, to the end: dead, for a redrive is harmless',
      hook('retry', { tries: 6, doubts: 6 }),
      dead('in_doubt'),
    ],
    ['webhook, to be parked', hook('park'), parked],
    ['webhook, to fail over to nobody: as retry', hook('failover'), again(1_000)],

    [
      'too late for the repetition: parked, not dead',
      mail('once', SMTP, { more: { deadlineMs: NOW + 15 * MINUTE } }),
      parked,
    ],
    [
      'expired before the repetition: parked, not expired',
      mail('once', SMTP, { more: { expiresMs: NOW + 15 * MINUTE } }),
      parked,
    ],
    [
      'webhook, expired before the repetition',
      hook('retry', { more: { expiresMs: NOW + 1_000 } }),
      { status: 'expired', reason: 'code' },
    ],
  ])('%s', (_, given, next) => {
    expect(decideNext(doubt, at(given))).toEqual(next);
  });

  it('waits longer than asked, never shorter', () => {
    for (const random of [0, 0.5, 0.999]) {
      const policy = { ...DEFAULT_RETRY.email, jitter: 0.2 };
      const next = decideNext(doubt, at(mail('once', SMTP, { more: { policy, random } })));
      expect(next).toMatchObject({ status: 'retrying' });
      expect((next as { delayMs: number }).delayMs).toBeGreaterThanOrEqual(15 * MINUTE);
    }
  });

  it('that a repetition cannot end is parked, whatever the policy, and nobody is asked', () => {
    for (const rule of ['once', 'retry', 'failover', 'park'] as const) {
      for (const provider of [SMTP, RESEND, TWILIO, HOOK]) {
        const given = at({ channel: 'email', rule, provider, hasOther: true });
        expect(decideNext(failure('in_doubt', 'permanent'), given)).toEqual(parked);
      }
    }
  });
});

describe('after an earlier doubt', () => {
  const after = (kind: Failed['kind'], errorClass: ErrorClass, given: Partial<Given> = {}) =>
    decideNext(
      failure(kind, errorClass),
      at({ channel: 'email', rule: 'once', provider: SMTP, tries: 2, ...given }),
    );

  it('what surely did not leave goes again as ever', () => {
    expect(after('not_sent', 'network')).toEqual(again(2_000));
  });

  it('what is given up is parked: the first may have arrived', () => {
    expect(after('not_sent', 'network', { tries: 6 })).toEqual(parked);
    expect(after('deferred', 'throttled', { more: { deadlineMs: NOW } })).toEqual(parked);
  });

  it('what is given up is dead where a repetition is harmless', () => {
    expect(after('not_sent', 'network', { tries: 6, provider: HOOK })).toEqual(dead('network'));
  });

  it('a refusal for good is the provider’s word', () => {
    expect(after('rejected', 'permanent')).toEqual(dead('permanent'));
    expect(after('rejected', 'suppress')).toEqual({ status: 'suppressed', reason: 'code' });
  });

  it('other content is parked, and nobody is asked', () => {
    expect(after('not_sent', 'in_doubt', { rule: 'retry', provider: TWILIO })).toEqual(parked);
  });
});

describe('a provider that was asked to the end and has nothing', () => {
  it.each<[string, Partial<Given>, ReturnType<typeof decideUnfound>]>([
    ['by default: a person decides', { rule: 'park' }, 'park'],
    ['to be retried: again', { rule: 'retry' }, 'again'],
    ['to fail over, to nobody: again', { rule: 'failover' }, 'again'],
    ['once: again', { rule: 'once' }, 'again'],
    ['once, doubtful again: a person decides', { rule: 'once', doubts: 2 }, 'park'],
    ['tries spent: a person decides', { rule: 'retry', tries: 6 }, 'park'],
    ['past its deadline: a person decides', { rule: 'retry', more: { deadlineMs: NOW } }, 'park'],
    ['past its expiry: nobody wants it', { rule: 'park', more: { expiresMs: NOW } }, 'expired'],
  ])('%s', (_, given, then) => {
    expect(decideUnfound(at({ channel: 'sms', provider: TWILIO, rule: 'park', ...given }))).toBe(then);
  });
});

describe('a key', () => {
  it.each([
    [0, 0, 0],
    [DAY, 0, DAY],
    [DAY, MINUTE, DAY - MINUTE],
    [DAY, 2 * DAY, 0],
    [Infinity, 9 * DAY, Infinity],
  ])('that is known for %i ms and was used %i ms ago has %i ms left', (life, age, left) => {
    expect(keyLeftMs(life, NOW - age, NOW)).toBe(left);
  });
});

it('leads only where a doubt may go', () => {
  for (const to of ['sent', 'delivered', 'bounced', 'retrying', 'expired', 'dead'] as const)
    expect(mayBecome('in_doubt', to)).toBe(true);
});
