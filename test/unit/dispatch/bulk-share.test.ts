import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BulkShare } from '../../../src/dispatch/bulk-share.js';

const LATE_MS = 1_000;
const PUNCTUAL_MS = 0;

describe('bulk’s share of the places', () => {
  let share: BulkShare;

  beforeEach(() => {
    vi.useFakeTimers();
    share = new BulkShare();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const adapt = (lateMs: number, times: number): void => {
    for (let i = 0; i < times; i++) share.adapt(lateMs);
  };

  it('is all of them while nothing transactional comes, however late the loop is', () => {
    adapt(LATE_MS, 10);
    expect([share.of(200), share.isYielding]).toEqual([200, false]);
  });

  it('halves with each look that finds the loop late while transactional work comes, and is never none', () => {
    share.noteTransactional();
    const seen = Array.from({ length: 3 }, () => (share.adapt(LATE_MS), share.of(200)));
    expect(seen).toEqual([100, 50, 25]);
    adapt(LATE_MS, 100);
    expect(share.of(200)).toBeGreaterThanOrEqual(1);
    expect(share.of(1)).toBe(1);
  });

  it('shrinks at a third of a millisecond, which a loop that only waits does not reach', () => {
    share.noteTransactional();
    adapt(0.35, 1);
    const shrunk = share.of(200);
    expect([shrunk, share.isYielding]).toEqual([100, true]);
    adapt(0.25, 1);
    expect(share.of(200)).toBeGreaterThan(shrunk);
  });

  it('grows back while the loop is punctual', () => {
    share.noteTransactional();
    adapt(LATE_MS, 100);
    const least = share.of(200);
    adapt(PUNCTUAL_MS, 10);
    expect(share.of(200)).toBeGreaterThan(least);
    adapt(PUNCTUAL_MS, 100);
    expect(share.of(200)).toBe(200);
  });

  it('is all of them again when the last transactional one was ten seconds ago', () => {
    share.noteTransactional();
    adapt(LATE_MS, 100);
    vi.advanceTimersByTime(10_000);
    adapt(LATE_MS, 1);
    expect(share.of(200)).toBe(200);
  });
});
