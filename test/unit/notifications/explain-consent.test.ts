import { describe, expect, it } from 'vitest';

import { explain } from '../../../src/notifications/explain.js';
import type { Story } from '../../../src/notifications/story.js';

const OPENS = new Date('2026-11-23T07:00:00Z');
const story = (expiresAt: Date | null, more: Partial<Story> = {}): Story => ({
  notification: { id: 'x', status: 'scheduled', expiresAt, erasedAt: null } as Story['notification'],
  attempts: [],
  receipts: [],
  waiting: {
    isRetry: false,
    availableAt: OPENS,
    isDue: false,
    reason: 'quiet_hours',
    pinnedProvider: null,
    endpointId: null,
    publishedAt: null,
    queue: null,
    behind: null,
    relaySilentMs: 100,
    workerSilentMs: 100,
    endpointOut: 0,
    endpointConcurrency: null,
  },
  undelivered: undefined,
  ...more,
});

describe('what happens next in quiet hours', () => {
  it('goes at their end', () => {
    expect(explain(story(null))).toEqual({
      action: 'send',
      at: OPENS.toISOString(),
      waiting_for: 'schedule',
      reason: expect.stringContaining('quiet hours'),
      can: ['cancel'], // nobody's hurry breaks them
    });
  });

  it('expires before', () => {
    const expiresAt = new Date('2026-11-22T22:00:00Z');
    expect(explain(story(expiresAt))).toMatchObject({
      at: expiresAt.toISOString(),
      waiting_for: 'schedule',
      reason: expect.stringMatching(/until 2026-11-23T07.*expires before, at 2026-11-22T22/),
    });
  });
});

describe('why it is suppressed', () => {
  it.each([
    ['suppression_unsubscribe', 'the recipient has unsubscribed'],
    ['suppression_stop', 'the recipient has opted out by STOP'],
    ['suppression_hard_bounce', 'the address takes no mail or texts'],
    ['smtp_550_5.1.1', 'the provider refused the address (smtp_550_5.1.1)'],
  ])('%s', (code, because) => {
    const suppressed = story(null, {
      undelivered: { since: OPENS, class: 'suppress', code, detail: null, askAt: null },
    });
    suppressed.notification.status = 'suppressed';
    expect(explain(suppressed)).toEqual({ action: 'none', reason: `It is suppressed: ${because}.`, can: [] });
  });
});
