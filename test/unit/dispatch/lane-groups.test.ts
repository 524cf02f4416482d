import { describe, expect, it } from 'vitest';

import { laneGroups } from '../../../src/dispatch/lane-groups.js';

describe('what claims and outcomes rest between statements of few rows', () => {
  const restOf = (isYielding: boolean) => {
    const { transactional, bulk } = laneGroups({ isYielding });
    return [transactional.rest!.times(), bulk.rest!.times()];
  };

  it('is least where somebody waits, and most of a campaign that yields', () => {
    expect(restOf(false)).toEqual([1, 2]);
    expect(restOf(true)).toEqual([1, 4]);
  });
});
