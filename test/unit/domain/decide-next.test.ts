import { describe, expect, it } from 'vitest';

import { decideNext, type Next, type Situation } from '../../../src/domain/decide-next.js';
import {
  ERROR_CLASSES,
  type ErrorClass,
  type Failed,
  failed,
  internalFault,
  OUTCOME_KINDS,
  taken,
} from '../../../src/domain/outcome.js';
import { DEFAULT_RETRY } from '../../../src/domain/retry-policy.js';
import { mayBecome } from '../../../src/domain/status.js';

const NOW = 1_000_000_000;
const HOUR_MS = 3_600_000;
const WEBHOOK = { ...DEFAULT_RETRY.webhook, jitter: 0 };

const at = (changes: Partial<Situation> = {}): Situation => ({
  tries: 1,
  nowMs: NOW,
  deadlineMs: NOW + 72 * HOUR_MS,
  expiresMs: undefined,
  policy: WEBHOOK,
  onInDoubt: 'retry',
  doubts: { count: 0, keyLeftMs: Infinity, canBeAsked: false, hasOther: false },
  random: 0.5,
  ...changes,
});
const fail = (kind: Failed['kind'], errorClass: ErrorClass, retryAfterMs?: number): Failed =>
  failed(kind, {
    class: errorClass,
    code: 'code',
    detail: '',
    scope: 'message',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
const retrying = (delayMs: number, consumesTry = true): Next => ({
  status: 'retrying',
  reason: 'code',
  delayMs,
  consumesTry,
});
const dead = (errorClass: ErrorClass): Next => ({ status: 'dead', reason: 'code', class: errorClass });

describe('decideNext', () => {
  it.each([
    ['a yes', taken('250', ''), {}, { status: 'sent', reason: '250' }],
    [
      'a yes that is the receipt',
      taken('204', '', { isReceipt: true }),
      {},
      { status: 'delivered', reason: '204' },
    ],
    ['a never', fail('rejected', 'permanent'), {}, dead('permanent')],
    ['a subscriber that is gone', fail('rejected', 'gone'), {}, dead('gone')],
    [
      'an address that takes nothing',
      fail('rejected', 'suppress'),
      {},
      { status: 'suppressed', reason: 'code' },
    ],
    ['our credentials are wrong', fail('rejected', 'configuration'), {}, retrying(5_000, false)],
    ['a doubt, to be retried', fail('in_doubt', 'in_doubt'), {}, retrying(1_000)],
    [
      'a doubt, to be parked',
      fail('in_doubt', 'in_doubt'),
      { onInDoubt: 'park' },
      { status: 'in_doubt', reason: 'code' },
    ],
    ['a doubt, retried to the end', fail('in_doubt', 'in_doubt'), { tries: 6 }, dead('in_doubt')],
    ['nothing left, first time', fail('not_sent', 'network'), {}, retrying(1_000)],
    ['nothing left, second time', fail('not_sent', 'network'), { tries: 2 }, retrying(2_000)],
    ['nothing left, fifth time', fail('not_sent', 'network'), { tries: 5 }, retrying(16_000)],
    ['nothing left, sixth time', fail('not_sent', 'network'), { tries: 6 }, dead('network')],
    ['not now', fail('deferred', 'retry'), { tries: 3 }, retrying(4_000)],
    ['slow, while quick', fail('deferred', 'slow'), { tries: 5 }, retrying(16_000)],
    ['slow, first slow step', fail('deferred', 'slow'), { tries: 6 }, retrying(300_000)],
    ['slow, fourth slow step', fail('deferred', 'slow'), { tries: 9 }, retrying(5 * HOUR_MS)],
    ['slow, beyond its schedule', fail('deferred', 'slow'), { tries: 40 }, retrying(10 * HOUR_MS)],
    [
      'slow, without a schedule',
      fail('deferred', 'slow'),
      { tries: 6, policy: { ...WEBHOOK, slowMs: [] } },
      dead('slow'),
    ],
    ['no retries at all', fail('deferred', 'retry'), { policy: { ...WEBHOOK, retries: 0 } }, dead('retry')],
    ['throttled, however often', fail('deferred', 'throttled'), { tries: 50 }, retrying(5_000, false)],
    ['a lease that was lost', fail('not_sent', 'lease'), { tries: 50 }, retrying(5_000, false)],
    ['our own bug', internalFault('code', ''), {}, retrying(1_000)],
    ['our own bug, to the end', internalFault('code', ''), { tries: 6 }, dead('internal')],
    ['Retry-After beyond the plan', fail('deferred', 'retry', 90_000), {}, retrying(90_000)],
    ['Retry-After below the plan', fail('deferred', 'retry', 10), {}, retrying(1_000)],
    ['Retry-After beyond an hour', fail('deferred', 'retry', 9 * HOUR_MS), {}, retrying(HOUR_MS)],
    ['Retry-After in the past', fail('deferred', 'retry', -5), {}, retrying(1_000)],
    ['throttled with Retry-After', fail('deferred', 'throttled', 60_000), {}, retrying(60_000, false)],
    [
      'the cap',
      fail('deferred', 'retry'),
      { tries: 5, policy: { ...WEBHOOK, capMs: 3_000 } },
      retrying(3_000),
    ],
    [
      'the lower end of jitter',
      fail('deferred', 'retry'),
      { policy: { ...WEBHOOK, jitter: 0.2 }, random: 0 },
      retrying(800),
    ],
    [
      'the upper end of jitter',
      fail('deferred', 'retry'),
      { policy: { ...WEBHOOK, jitter: 0.2 }, random: 1 },
      retrying(1_200),
    ],
    ['a retry on the deadline', fail('deferred', 'retry'), { deadlineMs: NOW + 1_000 }, dead('deadline')],
    ['a retry before the deadline', fail('deferred', 'retry'), { deadlineMs: NOW + 1_001 }, retrying(1_000)],
    [
      'a wait beyond the deadline',
      fail('deferred', 'throttled'),
      { deadlineMs: NOW + 4_000 },
      dead('deadline'),
    ],
    [
      'a retry after the expiry',
      fail('deferred', 'retry'),
      { expiresMs: NOW + 1_000 },
      { status: 'expired', reason: 'code' },
    ],
    [
      'a yes after every deadline',
      taken('250', ''),
      { deadlineMs: 0, expiresMs: 0 },
      { status: 'sent', reason: '250' },
    ],
  ] as const)('%s', (_, outcome, situation, next) => {
    expect(decideNext(outcome, at(situation as Partial<Situation>))).toEqual(next);
  });

  it('never leads where `sending` may not go, and never retries in the past', () => {
    for (const kind of OUTCOME_KINDS) {
      for (const errorClass of ERROR_CLASSES) {
        for (const onInDoubt of ['retry', 'once', 'park', 'failover'] as const) {
          for (let tries = 1; tries < 12; tries++) {
            const outcome = kind === 'taken' ? taken('250', '') : fail(kind, errorClass);
            const next = decideNext(outcome, at({ tries, onInDoubt }));
            expect(mayBecome('sending', next.status)).toBe(true);
            if (next.status === 'retrying') expect(next.delayMs).toBeGreaterThan(0);
          }
        }
      }
    }
  });

  describe('in quiet hours', () => {
    const OPENS = NOW + 9 * HOUR_MS;
    /** A second after their end: by no clock is it a moment before. */
    const DELAY_MS = 9 * HOUR_MS + 1_000;
    const quiet = fail('not_sent', 'quiet');
    const asleep = (changes: Partial<Situation> = {}) =>
      at({ opensAtMs: (ms) => Math.max(ms, OPENS), ...changes });

    it('waits for their end and spends no try', () => {
      expect(decideNext(quiet, asleep())).toEqual({
        status: 'retrying',
        reason: 'quiet_hours',
        delayMs: DELAY_MS,
        consumesTry: false,
        quietMs: 9 * HOUR_MS,
      });
    });

    it('moves a retry that would come into them to their end', () => {
      expect(decideNext(fail('deferred', 'retry'), asleep())).toMatchObject({
        status: 'retrying',
        reason: 'quiet_hours',
        delayMs: DELAY_MS,
        consumesTry: true,
      });
    });

    it('leaves a retry after them where it is', () => {
      const policy = { ...WEBHOOK, baseMs: 10 * HOUR_MS, capMs: 10 * HOUR_MS };
      expect(decideNext(fail('deferred', 'retry'), asleep({ policy }))).toEqual(retrying(10 * HOUR_MS));
    });

    it('does not count them against the deadline', () => {
      expect(decideNext(quiet, asleep({ deadlineMs: NOW + HOUR_MS }))).toMatchObject({ status: 'retrying' });
    });

    it('expires what would be too late by their end', () => {
      expect(decideNext(quiet, asleep({ expiresMs: OPENS })).status).toBe('expired');
      expect(decideNext(quiet, asleep({ expiresMs: OPENS + 1 })).status).toBe('retrying');
    });

    it('goes soon when they have just ended', () => {
      expect(decideNext(quiet, at())).toEqual(retrying(1_000, false));
    });
  });

  it('spends no more tries than the policy has', () => {
    let tries = 1;
    while (decideNext(fail('deferred', 'retry'), at({ tries })).status === 'retrying') tries++;
    expect(tries).toBe(WEBHOOK.retries + 1);
  });
});

/** Where each class leads at first, said a second time: a class that is added must be thought of here. */
const FATES = {
  network: 'again, counted',
  retry: 'again, counted',
  slow: 'again, counted',
  throttled: 'again, for nothing',
  permanent: 'dead',
  suppress: 'suppressed',
  configuration: 'again, for nothing',
  gone: 'dead',
  in_doubt: 'again, counted',
  quiet: 'again, for nothing',
  lease: 'again, for nothing',
  internal: 'again, counted',
  deadline: 'dead',
  expired: 'dead',
} as const satisfies Record<ErrorClass, string>;
const REFUSALS: readonly ErrorClass[] = ['permanent', 'suppress', 'gone', 'deadline', 'expired'];

it.each(ERROR_CLASSES)('the class %s leads where it should', (errorClass) => {
  const kind = REFUSALS.includes(errorClass)
    ? 'rejected'
    : errorClass === 'in_doubt'
      ? 'in_doubt'
      : 'deferred';
  const next = decideNext(fail(kind, errorClass), at());
  const fate =
    next.status === 'retrying' ? `again, ${next.consumesTry ? 'counted' : 'for nothing'}` : next.status;
  expect(fate).toBe(FATES[errorClass]);
});
