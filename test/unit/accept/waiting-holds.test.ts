import { describe, expect, it } from 'vitest';

import { WaitingHolds } from '../../../src/accept/waiting-holds.js';
import type { GateKind, Hold } from '../../../src/domain/gate.js';
import { HeldGates } from '../../../src/gates/held-gates.js';
import type { Waiting } from '../../../src/notifications/story.js';

const AT = new Date('2026-11-22T09:00:00Z');
const PROVIDERS = ['ses', 'mailgun'].map((name) => ({
  name,
  priority: 1,
  concurrency: 10,
  ratePerSecond: undefined,
  retryBudget: { share: 0.2, minimum: 10 },
}));
const STANDING = { level: undefined, rampMs: undefined, slots: [], presentMs: 0, nowMs: AT.getTime() };
const paused = (kind: GateKind, key: string): Hold => ({
  kind,
  key,
  heldBy: 'pause',
  until: undefined,
  since: AT,
  detail: null,
});
const holds = (...held: Hold[]) =>
  new WaitingHolds(
    { held: async () => new HeldGates(held, []) } as never,
    { providersOf: () => PROVIDERS } as never,
    { standings: async (names: string[]) => new Map(names.map((name) => [name, STANDING])) } as never,
  );
const waits = (pinnedProvider: string | null = null): Waiting => ({
  isRetry: false,
  availableAt: AT,
  isDue: true,
  reason: null,
  pinnedProvider,
  endpointId: null,
  publishedAt: null,
  queue: null,
  behind: null,
  relaySilentMs: 100,
  workerSilentMs: 100,
  endpointOut: 0,
  endpointConcurrency: null,
});
const MAIL = { channel: 'email', lane: 'bulk', type: 'welcome' } as const;

describe('what keeps a waiting one from going', () => {
  it('is nothing while one of those who share it takes it', async () => {
    expect((await holds(paused('queue', 'ses.bulk')).on(MAIL, waits())).hold).toBeUndefined();
    expect((await holds(paused('provider', 'ses')).on(MAIL, waits())).hold).toBeUndefined();
  });

  it('is the pause of their queues when all are paused, and of its own when it may go nowhere else', async () => {
    const both = holds(paused('queue', 'ses.bulk'), paused('queue', 'mailgun.bulk'));
    expect((await both.on(MAIL, waits())).hold).toMatchObject({ kind: 'queue' });
    const one = holds(paused('queue', 'ses.bulk'));
    expect((await one.on(MAIL, waits('ses'))).hold).toMatchObject({ key: 'ses.bulk' });
  });

  it('is that there is nobody, when its provider is gone from the configuration', async () => {
    expect(await holds().on(MAIL, waits('gone'))).toMatchObject({ isUnserved: true, hold: undefined });
    expect(await holds().on(MAIL, waits('ses'))).toMatchObject({ isUnserved: false });
  });
});
