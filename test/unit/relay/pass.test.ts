import { describe, expect, it } from 'vitest';

import { Pass } from '../../../src/relay/pass.js';
import { NONE } from '../../../src/relay/rations.js';

describe('after one pass', () => {
  it('the next goes on at once where a queue has had its part', () => {
    const pass = new Pass(false);
    pass.endedAt({ ...NONE, hasHadItsPart: true });
    expect([pass.goesOn, pass.isFull]).toEqual([true, false]);
  });

  it('the next need not go on at once for what is kept back for retries', () => {
    const pass = new Pass(false);
    pass.endedAt({ ...NONE, most: 3 });
    expect([pass.goesOn, pass.isFull]).toEqual([false, false]);
  });

  it('the next waits for room where a window is full, and for the time where a rate is used up', () => {
    const pass = new Pass(false);
    pass.endedAt({ ...NONE, isFull: true });
    pass.endedAt({ ...NONE, waitMs: 70 });
    expect([pass.goesOn, pass.isFull, pass.dueMs]).toEqual([false, true, 70]);
  });

  it('the next goes on where endpoints are left to look at, and where no more rows might go', () => {
    expect(new Pass(true).goesOn).toBe(true);
    const pass = new Pass(false, [], 16);
    pass.published = 16;
    expect(pass.goesOn).toBe(true);
  });
});
