import { describe, expect, it } from 'vitest';

import type { ChannelRegistry } from '../../../src/channels/channel.registry.js';
import type { AddressFaults } from '../../../src/dispatch/address-faults.js';
import type { QuietTime } from '../../../src/dispatch/quiet-time.js';
import { type JudgedAttempt, Verdict } from '../../../src/dispatch/verdict.js';
import { failed, type Failed, taken } from '../../../src/domain/outcome.js';
import type { DatabaseClock } from '../../../src/platform/clock/database-clock.js';
import { Config } from '../../../src/platform/config/config.js';
import { readEnvironment } from '../../../src/platform/config/environment.js';
import { emptyFile } from '../../../src/platform/config/posthaste-file.js';

const NOW = Date.parse('2026-11-22T09:00:00Z');
const DAY_MS = 86_400_000;
const LIVES: Record<string, number> = { keyed: DAY_MS, harmless: Infinity };
const channels = (names: string[]) =>
  ({
    providersOf: () => names.map((name) => ({ name })),
    doubtTraits: (name: string) => ({ keyLifeMs: LIVES[name] ?? 0, canBeAsked: name === 'askable' }),
  }) as unknown as ChannelRegistry;
const verdictWith = (...names: string[]) =>
  new Verdict(
    new Config(readEnvironment({}).environment, emptyFile()),
    channels(names),
    { nowMs: () => NOW } as DatabaseClock,
    { opening: () => undefined } as unknown as QuietTime,
    { of: () => undefined } as unknown as AddressFaults,
  );
const verdict = verdictWith('first', 'second', 'third');

const judged: JudgedAttempt = {
  id: 'n',
  attempt: 1,
  dispatch: 1,
  type: 'welcome',
  channel: 'email',
  onInDoubt: 'retry',
  tries: 1,
  expiresAt: null,
  deadlineAt: new Date(NOW + 3 * DAY_MS),
  doubts: [],
};
const doubtAt = (provider: string, ageMs = 60_000) => ({
  provider,
  startedAt: new Date(NOW - ageMs),
  digest: null,
});

const failure = (kind: Failed['kind'], more: Partial<Failed> = {}) =>
  failed(kind, { class: 'retry', code: 'x', detail: '', scope: 'message', ...more });
const inDoubt = failure('in_doubt', { class: 'in_doubt' });

describe('who may have it next', () => {
  it.each([
    ['in doubt', inDoubt, 'first'],
    ['put off where it may already be', failure('deferred', { isPinned: true }), 'first'],
    ['put off', failure('deferred'), null],
    ['surely not sent', failure('not_sent'), null],
    ['taken', taken('200', ''), null],
  ])('%s', (_name, outcome, pinnedProvider) => {
    expect(verdict.on(judged, outcome, 'first', 5, null)).toMatchObject({ pinnedProvider });
  });

  it.each([
    ['in doubt at the first', 'first', [], inDoubt, 'second'],
    ['in doubt at the second, too', 'second', [doubtAt('first')], inDoubt, 'third'],
    ['in doubt everywhere', 'third', [doubtAt('first'), doubtAt('second')], inDoubt, 'third'],
    [
      'put off at the second, after a doubt at the first',
      'second',
      [doubtAt('first')],
      failure('deferred'),
      'second',
    ],
    ['never doubtful', 'first', [], failure('deferred'), null],
    [
      'put off where it may already be',
      'second',
      [doubtAt('first')],
      failure('deferred', { isPinned: true }),
      'second',
    ],
  ])('failing over: %s', (_name, provider, doubts, outcome, pinnedProvider) => {
    const record = verdict.on({ ...judged, onInDoubt: 'failover', doubts }, outcome, provider, 5, null);
    expect(record).toMatchObject({ pinnedProvider });
  });
});

describe('how long a key is trusted', () => {
  it('counts from the first doubtful call there, not from the last', () => {
    const doubts = [doubtAt('keyed', DAY_MS - 1_500), doubtAt('keyed', 1_000)];
    const record = verdictWith('keyed').on(
      { ...judged, onInDoubt: null, tries: 3, doubts },
      inDoubt,
      'keyed',
      5,
      null,
    );
    expect(record.next).toEqual({ status: 'in_doubt', reason: 'x' });
  });

  it('does not call what another provider may have harmless', () => {
    const given = { ...judged, tries: 6, doubts: [doubtAt('first')] };
    const gaveUp = failure('not_sent', { class: 'network' });
    expect(verdict.on(given, gaveUp, 'harmless', 5, null).next.status).toBe('in_doubt');
    expect(
      verdict.on({ ...given, doubts: [doubtAt('harmless')] }, gaveUp, 'harmless', 5, null).next.status,
    ).toBe('dead');
  });
});

describe('which digests are kept', () => {
  it.each([
    ['of a doubt', 'first', inDoubt, 'd'],
    [
      'of what was refused as changed',
      'first',
      failure('not_sent', { class: 'in_doubt', code: 'content_changed' }),
      'd',
    ],
    ['of what a provider that can be asked took', 'askable', taken('201', ''), 'd'],
    ['not of what was taken elsewhere', 'first', taken('250', ''), null],
    ['not of what was put off', 'first', failure('deferred'), null],
  ])('%s', (_name, provider, outcome, contentDigest) => {
    expect(verdict.on(judged, outcome, provider, 5, 'd')).toMatchObject({ contentDigest });
  });
});
