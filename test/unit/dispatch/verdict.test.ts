import { describe, expect, it } from 'vitest';

import type { AddressFaults } from '../../../src/dispatch/address-faults.js';
import type { QuietTime } from '../../../src/dispatch/quiet-time.js';
import { Verdict } from '../../../src/dispatch/verdict.js';
import { failed, type Failed, taken } from '../../../src/domain/outcome.js';
import { Config } from '../../../src/platform/config/config.js';
import { readEnvironment } from '../../../src/platform/config/environment.js';
import { emptyFile } from '../../../src/platform/config/posthaste-file.js';
import type { DatabaseClock } from '../../../src/platform/clock/database-clock.js';

const NOW = Date.parse('2026-11-22T09:00:00Z');
const verdict = new Verdict(
  new Config(readEnvironment({}).environment, emptyFile()),
  { nowMs: () => NOW } as DatabaseClock,
  { opening: () => undefined } as unknown as QuietTime,
  { of: () => undefined } as unknown as AddressFaults,
);

const judged = {
  id: 'n',
  attempt: 1,
  dispatch: 1,
  type: 'welcome',
  channel: 'email',
  onInDoubt: 'retry',
  tries: 1,
  expiresAt: null,
  deadlineAt: new Date(NOW + 3_600_000),
} as const;

const failure = (kind: Failed['kind'], more: Partial<Failed> = {}) =>
  failed(kind, { class: 'retry', code: 'x', detail: '', scope: 'message', ...more });

describe('who may have it next', () => {
  it.each([
    ['in doubt', failure('in_doubt', { class: 'in_doubt' }), 'first'],
    ['put off where it may already be', failure('deferred', { isPinned: true }), 'first'],
    ['put off', failure('deferred'), null],
    ['surely not sent', failure('not_sent'), null],
    ['taken', taken('200', ''), null],
  ])('%s', (_name, outcome, pinnedProvider) => {
    expect(verdict.on(judged, outcome, 'first', 5)).toMatchObject({ pinnedProvider });
  });
});
