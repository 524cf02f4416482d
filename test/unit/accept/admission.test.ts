import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Admission } from '../../../src/accept/admission.js';
import { loadConfig } from '../../../src/platform/config/config.js';
import type { DoorPool } from '../../../src/platform/database/pools.js';

describe('admission while PostgreSQL is away', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets in, and looks once a second however many knock', async () => {
    const query = vi.fn(() => Promise.reject(new Error('away')));
    const admission = new Admission(loadConfig({}), { query } as unknown as DoorPool);
    for (let ms = 0; ms < 2_500; ms += 10) {
      expect(admission.refusal('transactional', 'a key')).toBeUndefined();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(query).toHaveBeenCalledTimes(3);
  });
});

describe('admission of a door that has just been opened', () => {
  it('counts what it lets in from the first on, also while its first look takes its time', () => {
    const config = loadConfig({});
    const limits = { ...config.file.limits, maxWaiting: { transactional: 10, bulk: 10 }, keyShare: 1 };
    const limited = { file: { ...config.file, limits } } as typeof config;
    const never = { query: () => new Promise(() => undefined) } as unknown as DoorPool;
    const admission = new Admission(limited, never);
    const refusals = Array.from({ length: 12 }, () => admission.refusal('transactional', 'a key')?.code);
    expect(refusals).toEqual([...Array<undefined>(10).fill(undefined), 'overloaded', 'overloaded']);
  });
});
