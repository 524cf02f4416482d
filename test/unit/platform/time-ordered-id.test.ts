import { validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';

import { timeOrderedId } from '../../../src/platform/crypto/time-ordered-id.js';

describe('a time-ordered id', () => {
  it('is a UUID of version 7 that begins with its time', () => {
    const nowMs = Date.now() + 60_000;
    const id = timeOrderedId(nowMs);
    expect(validate(id)).toBe(true);
    expect(version(id)).toBe(7);
    expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
  });

  it('is greater than every one before it, within a millisecond and when the clock steps back', () => {
    const nowMs = Date.now() + 120_000;
    const clock = [0, 0, 1, 1, -5_000, -5_000, 2, 2].map((step) => nowMs + step);
    const ids = clock.flatMap((at) => Array.from({ length: 2_000 }, () => timeOrderedId(at)));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  });
});
