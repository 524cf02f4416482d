import { describe, expect, it } from 'vitest';

import type { GateHolder, Hold } from '../../../src/domain/gate.js';
import { toPublicId } from '../../../src/domain/public-id.js';
import { type Status, STATUSES } from '../../../src/domain/status.js';
import { explain } from '../../../src/notifications/explain.js';
import type { StoredAttempt, Story, Waiting } from '../../../src/notifications/story.js';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const AT = new Date('2026-11-22T09:00:00Z');
const waits = (changes: Partial<Waiting> = {}): Waiting => ({
  isRetry: false,
  availableAt: AT,
  isDue: true,
  reason: null,
  pinnedProvider: null,
  endpointId: null,
  publishedAt: null,
  queue: null,
  behind: null,
  relaySilentMs: 100,
  workerSilentMs: 100,
  endpointOut: 0,
  endpointConcurrency: null,
  ...changes,
});
const story = (status: Status, waiting?: Waiting): Story => ({
  notification: { id: ID, status, expiresAt: null, erasedAt: null } as Story['notification'],
  attempts: [],
  receipts: [],
  waiting,
  undelivered: { since: AT, class: 'permanent', code: 'http_501', detail: null, askAt: null },
});

describe('what happens next', () => {
  it.each([
    [
      'due, a relay lives',
      'accepted',
      waits(),
      { action: 'send', waiting_for: 'outbox', can: ['retry', 'cancel'] },
    ],
    [
      'for later',
      'scheduled',
      waits({ isDue: false }),
      { action: 'send', waiting_for: 'schedule', at: AT.toISOString(), can: ['retry', 'cancel'] },
    ],
    [
      'failed before',
      'retrying',
      waits({ isRetry: true, isDue: false }),
      { action: 'retry', waiting_for: 'retry_timer', at: AT.toISOString() },
    ],
    ['driven again', 'retrying', waits(), { action: 'retry', waiting_for: 'outbox' }],
    [
      'published',
      'accepted',
      waits({ publishedAt: AT, queue: 'webhooks.bulk' }),
      { action: 'send', waiting_for: 'queue', can: ['retry', 'cancel'] },
    ],
    [
      'behind another',
      'accepted',
      waits({ behind: ID }),
      { action: 'send', waiting_for: 'order', can: ['retry', 'cancel'] },
    ],
    ['being claimed', 'accepted', undefined, { action: 'wait', waiting_for: 'provider', can: [] }],
    ['under way', 'sending', undefined, { action: 'wait', waiting_for: 'provider', can: [] }],
    ['nobody knows', 'in_doubt', undefined, { action: 'review', waiting_for: 'operator', can: ['resolve'] }],
    ['given up', 'dead', undefined, { action: 'none', waiting_for: 'operator', can: ['retry'] }],
  ] as const)('%s', (_, status, waiting, next) => {
    expect(explain(story(status, waiting))).toMatchObject(next);
  });

  it('names what it waits behind, what gave it up, and what holds its hint', () => {
    expect(explain(story('accepted', waits({ behind: ID }))).reason).toContain(
      toPublicId('notification', ID),
    );
    expect(explain(story('dead')).reason).toContain('http_501');
    expect(explain(story('accepted', waits({ publishedAt: AT, queue: 'q.bulk' }))).reason).toContain(
      'q.bulk',
    );
  });

  it('says that no relay lives, also when one has fallen silent', () => {
    for (const relaySilentMs of [null, 20_001]) {
      expect(explain(story('accepted', waits({ relaySilentMs }))).reason).toContain(
        'start a process with the role relay',
      );
    }
  });

  it('offers no retry of what has expired or was erased', () => {
    const dead = story('dead');
    for (const end of [{ expiresAt: new Date(0) }, { erasedAt: AT }]) {
      const { can } = explain({ ...dead, notification: { ...dead.notification, ...end } });
      expect(can).toEqual([]);
    }
  });

  it.each([
    [null, 'no provider of its channel'],
    ['ses', 'by ses only'],
  ])('says that the configuration has nobody to give it to (pinned: %s)', (pinnedProvider, words) => {
    const next = explain(story('accepted', waits({ pinnedProvider })), undefined, false, undefined, true);
    expect(next).toMatchObject({ waiting_for: 'provider', reason: expect.stringContaining(words) });
  });

  it('has a sentence for every status', () => {
    for (const status of STATUSES) expect(explain(story(status, waits())).reason).toMatch(/\.$/);
  });
});

describe('what is said of a call', () => {
  const worker = { host: 'mars', pid: 7, renewedAt: AT, silentMs: 1_000 };
  const calling = (changes: object) =>
    explain({
      ...story('sending'),
      calling: { number: 2, provider: 'ses', since: AT, worker, ...changes },
    }).reason;

  it.each([
    [
      'whose it is, since when and until when',
      {},
      /Attempt 2: ses .+ since 2026.+ worker mars \(process 7\), .+ until 2026-11-22T09:00:20/,
    ],
    [
      'that its worker is silent',
      { worker: { ...worker, silentMs: 21_000 } },
      /no sign of life for 21 s; .+ in doubt/,
    ],
    ['that its worker has ended', { worker: null }, /by a worker that has ended/],
  ])('%s', (_, changes, words) => {
    expect(calling(changes)).toMatch(words);
  });
});

describe('what nobody moves', () => {
  it('says that no worker lives, though a relay does', () => {
    for (const workerSilentMs of [null, 20_001]) {
      const { reason } = explain(story('accepted', waits({ workerSilentMs })));
      expect(reason).toContain('start a process with the role worker');
    }
  });

  it('says when one that a worker has handed back goes again', () => {
    const next = explain(story('accepted', waits({ isDue: false })));
    expect(next).toMatchObject({ action: 'send', waiting_for: 'retry_timer', at: AT.toISOString() });
    expect(next.reason).toContain('handed it back');
  });
});

describe('what is said of a doubt', () => {
  const attempt = (number: number, more: Partial<StoredAttempt> = {}): StoredAttempt => ({
    number,
    provider: 'ses',
    startedAt: AT,
    outcome: 'in_doubt',
    class: 'in_doubt',
    code: 'smtp_answer_lost',
    detail: null,
    durationMs: 5,
    askedAt: null,
    answer: null,
    ...more,
  });
  const doubtful = (attempts: StoredAttempt[], more: Partial<NonNullable<Story['undelivered']>> = {}) => {
    const told = story('in_doubt');
    return explain({
      ...told,
      attempts,
      undelivered: { ...told.undelivered!, code: 'smtp_answer_lost', ...more },
    });
  };

  it('that its provider will be asked, and when', () => {
    expect(doubtful([attempt(1)], { askAt: AT })).toMatchObject({
      action: 'wait',
      waiting_for: 'provider',
      at: AT.toISOString(),
      can: ['resolve'],
    });
  });

  it.each([
    ['once', [attempt(1)], {}, 'whether the provider took it. An operator'],
    ['twice', [attempt(1), attempt(2)], {}, 'whether any of 2 attempts arrived. An operator'],
    ['not found', [attempt(1, { askedAt: AT, answer: 'not_found' })], {}, 'asked and does not have it'],
    ['no answer', [attempt(1, { askedAt: AT, answer: 'unanswered' })], {}, 'asked and gave no answer'],
    [
      'given up after a doubt',
      [attempt(1), attempt(2, { outcome: 'not_sent', code: 'connect_refused' })],
      { code: 'connect_refused' },
      'whether the provider took it',
    ],
    [
      'other content',
      [attempt(1), attempt(2, { outcome: 'not_sent', code: 'content_changed' })],
      { code: 'content_changed' },
      'have changed since',
    ],
  ] as const)('that a person decides: %s', (_, attempts, more, words) => {
    const next = doubtful([...attempts], more);
    expect(next).toMatchObject({ action: 'review', waiting_for: 'operator', can: ['resolve'] });
    expect(next.reason).toContain(words);
  });

  it.each([
    ['ses', 'repeated at this time, by ses only'],
    ['resend', 'goes by resend instead'],
  ])('that it goes again, by %s', (pinnedProvider, words) => {
    const waiting = waits({ isRetry: true, isDue: false, pinnedProvider });
    const next = explain({ ...story('retrying', waiting), attempts: [attempt(1)] });
    expect(next).toMatchObject({ action: 'retry', waiting_for: 'retry_timer', at: AT.toISOString() });
    expect(next.reason).toContain(words);
  });
});

describe('what a held gate makes of it', () => {
  const hold = (heldBy: GateHolder, until?: Date): Hold => ({
    kind: 'provider',
    key: 'ses',
    heldBy,
    until,
    since: AT,
    detail: 'http_429',
  });

  it.each([
    ['breaker', 'breaker'],
    ['pause', 'pause'],
    ['retry_after', 'rate_limit'],
    ['rate', 'rate_limit'],
    ['configuration', 'provider'],
    ['endpoint', 'endpoint'],
  ] as const)('waits for the %s: %s', (heldBy, waitingFor) => {
    expect(explain(story('accepted', waits()), hold(heldBy, AT))).toMatchObject({
      action: 'send',
      at: AT.toISOString(),
      waiting_for: waitingFor,
      reason: expect.stringContaining('ses'),
      can: expect.arrayContaining(['cancel']),
    });
  });

  it('names no time for a hold that somebody must let go', () => {
    expect(explain(story('accepted', waits()), hold('pause'))).not.toHaveProperty('at');
  });

  it('says nothing of the gate before it is due, or once a hint is out', () => {
    expect(explain(story('scheduled', waits({ isDue: false })), hold('pause')).waiting_for).toBe('schedule');
    expect(
      explain(story('accepted', waits({ publishedAt: AT, queue: 'q' })), hold('pause')).waiting_for,
    ).toBe('queue');
  });
});
