import { describe, expect, it } from 'vitest';

import type { Intent } from '../../reliability/support/client.js';
import type { Stored } from '../../reliability/support/database-ledger.js';
import { type Evidence, judge } from '../../reliability/support/judge.js';
import type { Call } from '../../reliability/support/provider-ledger.js';

const ID = 'ntf_01';

const intent = (more: Partial<Intent> = {}): Intent => ({
  request: { type: 't', recipient: 'r', business_id: 'b', channel: 'webhook' },
  tries: [{ at: 0, ms: 5, status: 202, id: ID }],
  isAccepted: true,
  ids: new Set([ID]),
  expects: 'delivery',
  ...more,
});
const attempt = (outcome: Stored['attempts'][number]['outcome'], number = 1): Stored['attempts'][number] => ({
  number,
  provider: 'webhooks',
  outcome,
  class: null,
  code: null,
  startedAt: new Date(0),
});
const stored = (more: Partial<Stored> = {}): Stored => ({
  id: ID,
  type: 't',
  recipient: 'r',
  businessId: 'b',
  channel: 'webhook',
  status: 'delivered',
  onInDoubt: 'retry',
  orderingKey: null,
  createdAt: new Date(0),
  reason: null,
  undelivered: null,
  isOwed: false,
  attempts: [attempt('taken')],
  ...more,
});
const call = (truth: Call['truth'] = 'taken', said = 'take'): Call => ({
  provider: 'webhooks',
  channel: 'webhook',
  key: ID,
  of: ID,
  at: 1,
  truth,
  said,
});
const evidence = (more: Partial<Omit<Evidence, 'calls'>> & { calls?: Call[] } = {}): Evidence => ({
  intents: [intent()],
  stored: [stored()],
  alerts: { raised: [], told: [] },
  recoveredInMs: 1,
  ownLagMs: 0,
  ...more,
  calls: new Map([[ID, more.calls ?? [call()]]]),
});
const found = (of: Evidence): string[] =>
  judge(of).violations.map(({ invariant, offence }) => `${invariant} ${offence}`);

describe('the judge', () => {
  it('finds nothing wrong where nothing is', () => {
    const verdict = judge(evidence());
    expect(verdict.violations).toEqual([]);
    expect(verdict.counts).toMatchObject({ ok: 1, lost: 0 });
  });

  it('calls it recovered when its sender saw errors only, and refused when nothing is stored either', () => {
    const unanswered = intent({
      isAccepted: false,
      ids: new Set(),
      tries: [{ at: 0, ms: 5, status: 'error' }],
    });
    expect(judge(evidence({ intents: [unanswered] })).counts).toMatchObject({ recovered: 1 });
    const nothing = evidence({ intents: [unanswered], stored: [], calls: [] });
    expect(judge(nothing).counts).toMatchObject({ refused: 1 });
    expect(judge(nothing).violations).toEqual([]);
  });

  it.each<[string, Evidence, string[]]>([
    ['what got a 2xx and is not stored', evidence({ stored: [], calls: [] }), ['I1 lost']],
    [
      'what waits for ever',
      evidence({ stored: [stored({ status: 'retrying', isOwed: true })] }),
      ['I1 lost'],
    ],
    ['what is said to be delivered and is nowhere', evidence({ calls: [] }), ['I1 lost']],
    ['what nobody has asked for', evidence({ intents: [] }), ['I1 unexpected']],
    [
      'a second id for one key',
      evidence({ intents: [intent({ ids: new Set([ID, 'ntf_02']) })] }),
      ['I2 duplicated'],
    ],
    [
      'a second call after a yes',
      evidence({
        calls: [call(), call()],
        stored: [stored({ attempts: [attempt('taken'), attempt('taken', 2)] })],
      }),
      ['I2 duplicated'],
    ],
    [
      'a second call after a doubt that is to be parked',
      evidence({
        calls: [call('taken', 'drop'), call()],
        stored: [stored({ onInDoubt: 'park', attempts: [attempt('in_doubt'), attempt('taken', 2)] })],
      }),
      ['I2 duplicated'],
    ],
    [
      'a call of which no attempt tells',
      evidence({ calls: [call('refused', 'fail'), call()] }),
      ['I2 unexpected'],
    ],
    [
      'a yes that is told as a no',
      evidence({
        stored: [stored({ status: 'dead', undelivered: 'dead', attempts: [attempt('deferred')] })],
      }),
      ['I2 unexpected', 'I3 unexpected'],
    ],
    [
      'a dead one that no list of dead letters has',
      evidence({
        intents: [intent({ expects: 'dead' })],
        calls: [call('refused', 'reject')],
        stored: [stored({ status: 'dead', attempts: [attempt('rejected')] })],
      }),
      ['I3 lost'],
    ],
    [
      'an answer that took too long',
      evidence({ intents: [intent({ tries: [{ at: 0, ms: 4_000, status: 202, id: ID }] })] }),
      ['I6 unexpected'],
    ],
    ['a recovery that took too long', evidence({ recoveredInMs: undefined }), ['I5 lost']],
  ])('finds %s', (_, of, expected) => {
    expect(found(of)).toEqual(expected);
  });

  it.each<[string, Evidence]>([
    [
      'a second call after a refusal',
      evidence({
        calls: [call('refused', 'fail'), call()],
        stored: [stored({ attempts: [attempt('deferred'), attempt('taken', 2)] })],
      }),
    ],
    [
      'a second call after a doubt that may go again',
      evidence({
        calls: [call('taken', 'drop'), call()],
        stored: [stored({ attempts: [attempt('in_doubt'), attempt('taken', 2)] })],
      }),
    ],
    [
      'a parked doubt',
      evidence({
        calls: [call('taken', 'hang')],
        stored: [stored({ status: 'in_doubt', undelivered: 'in_doubt', attempts: [attempt('in_doubt')] })],
      }),
    ],
  ])('lets pass %s', (_, of) => {
    expect(found(of)).toEqual([]);
  });
});

describe('the judge of alerts', () => {
  const at = new Date(0);
  const raised = (...keys: string[]) => ({
    raised: keys.map((key) => ({ key, at, resolvedAt: null })),
    told: keys.map((key, i) => ({ id: `alr_${i}`, key, event: 'raised' as const })),
  });
  const of = (alerts: Evidence['alerts']) =>
    judge(evidence({ alerts }), { alerts: ['dead_letters'] }).violations.map(({ offence }) => offence);

  it('wants an expected alert once: not zero, not two, and no flood of others', () => {
    const once = raised('dead_letters:mail');
    expect(of(once)).toEqual([]);
    expect(of(raised())).toEqual(['lost']);
    expect(of({ ...once, told: [] })).toEqual(['lost']);
    expect(of(raised('dead_letters:mail', 'dead_letters:mail'))).toEqual(['duplicated']);
    expect(of(raised('dead_letters:mail', ...Array<string>(4).fill('queue_age:mail')))).toEqual([
      'duplicated',
    ]);
  });

  it('takes one piece of news that was told twice for one', () => {
    const once = raised('dead_letters:mail');
    expect(of({ ...once, told: [...once.told, ...once.told] })).toEqual([]);
  });
});
