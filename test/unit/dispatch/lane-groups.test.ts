import { describe, expect, it } from 'vitest';

import { laneGroups } from '../../../src/dispatch/lane-groups.js';

describe('what claims and outcomes rest between statements of few rows', () => {
  const restOf = (isBeside: boolean) => {
    const { transactional, bulk } = laneGroups({ isBeside });
    return [transactional.rest!.times(), bulk.rest!.times()];
  };

  it('is least where somebody waits, and most of a campaign beside it', () => {
    expect(restOf(false)).toEqual([1, 2]);
    expect(restOf(true)).toEqual([1, 4]);
  });

  it('is asked after each statement: what is beside a campaign comes and goes', () => {
    const share = { isBeside: false };
    const { bulk } = laneGroups(share);
    expect(bulk.rest!.times()).toBe(2);
    share.isBeside = true;
    expect(bulk.rest!.times()).toBe(4);
  });
});
