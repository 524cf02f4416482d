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
