import { describe, expect, it } from 'vitest';

import { fullFor } from '../../../src/domain/admission.js';
import { WaitingEstimate } from '../../../src/accept/waiting-estimate.js';
import type { Lane } from '../../../src/domain/channel.js';

const LIMITS = { maxWaiting: { transactional: 100, bulk: 1_000 }, keyShare: 0.5 };

/** This many of each lane, by the key `a`. */
const waiting = (counts: Partial<Record<Lane, number>>): WaitingEstimate => {
  const estimate = new WaitingEstimate();
  estimate.beginLook();
  estimate.endLook(
    Object.entries(counts).map(([lane, count]) => ({ lane: lane as Lane, apiKeyId: 'a', waiting: count })),
  );
  return estimate;
};

describe('one more may wait', () => {
  it('until its lane is full', () => {
    expect(fullFor('transactional', 'b', waiting({ transactional: 99 }), LIMITS)).toBeUndefined();
    expect(fullFor('transactional', 'b', waiting({ transactional: 100 }), LIMITS)).toBe('lane');
    expect(fullFor('bulk', 'b', waiting({ bulk: 1_000 }), LIMITS)).toBe('lane');
    expect(fullFor('transactional', 'b', waiting({ bulk: 1_000 }), LIMITS)).toBeUndefined();
  });

  it('of bulk, until the transactional lane is nine tenths full', () => {
    expect(fullFor('bulk', 'b', waiting({ transactional: 89 }), LIMITS)).toBeUndefined();
    expect(fullFor('bulk', 'b', waiting({ transactional: 90 }), LIMITS)).toBe('lane');
  });

  it('until its key has its share of the lane', () => {
    expect(fullFor('transactional', 'a', waiting({ transactional: 49 }), LIMITS)).toBeUndefined();
    expect(fullFor('transactional', 'a', waiting({ transactional: 50 }), LIMITS)).toBe('key');
    expect(fullFor('transactional', 'b', waiting({ transactional: 50 }), LIMITS)).toBeUndefined();
  });
});

describe('what is known to wait', () => {
  it('is the last look and what was let in since it began', () => {
    const estimate = waiting({ bulk: 10 });
    estimate.letIn('bulk', 'a');
    expect(estimate.inLane('bulk')).toBe(11);
    estimate.beginLook();
    estimate.letIn('bulk', 'b');
    expect(estimate.inLane('bulk')).toBe(12);
    estimate.endLook([{ lane: 'bulk', apiKeyId: 'a', waiting: 11 }]);
    expect([estimate.inLane('bulk'), estimate.ofKey('bulk', 'a'), estimate.ofKey('bulk', 'b')]).toEqual([
      12, 11, 1,
    ]);
  });
});
