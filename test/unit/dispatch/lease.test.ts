import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LeaseService } from '../../../src/dispatch/lease.service.js';
import { DatabaseClock } from '../../../src/platform/clock/database-clock.js';

describe('a lease', () => {
  let isAway = false;
  let lease: LeaseService;
  const pool = {
    query: async () => {
      if (isAway) throw new Error('PostgreSQL is away');
      return { rows: [{ now: new Date() }] };
    },
  };

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
    isAway = false;
    const config = { environment: { roles: ['worker'] } };
    const log = { warn: () => undefined };
    lease = new LeaseService(pool as never, config as never, new DatabaseClock(), log as never);
    await lease.start();
  });

  afterEach(async () => {
    await lease.stop();
    vi.useRealTimers();
  });

  it('is safe as long as it is renewed', async () => {
    const { term } = lease;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([lease.isSafe(), lease.isSafe(term)]).toEqual([true, true]);
  });

  it('that was over and is renewed is safe for what is claimed from now on, and never again for what was claimed before', async () => {
    const { term } = lease;
    isAway = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect([lease.isSafe(), lease.isSafe(term)]).toEqual([false, false]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect([lease.isSafe(), lease.isSafe(term)]).toEqual([true, false]);
    expect(lease.isSafe(lease.term)).toBe(true);
  });
});
