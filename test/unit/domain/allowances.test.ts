import { describe, expect, it } from 'vitest';

import { rampRate } from '../../../src/domain/ramp.js';
import { budgetLeft, type SendSlot, untilBudgetMs } from '../../../src/domain/retry-budget.js';
import { tokensIn, untilTokenMs } from '../../../src/domain/token-bucket.js';

describe('a token bucket', () => {
  it('is full before anybody has touched it, and holds a second’s worth at most', () => {
    expect(tokensIn(undefined, 14)).toBe(14);
    expect(tokensIn({ tokens: 14, idleMs: 60_000 }, 14)).toBe(14);
    expect(tokensIn({ tokens: 0, idleMs: 500 }, 14)).toBe(7);
  });

  it('lets one go at a rate below one a second', () => {
    const hourly = 100 / 3_600;
    expect(tokensIn(undefined, hourly)).toBe(1);
    expect(tokensIn({ tokens: 0, idleMs: 18_000 }, hourly)).toBeCloseTo(0.5);
    expect(untilTokenMs(0.5, hourly)).toBeCloseTo(18_000);
  });

  it('never flows backwards when clocks disagree', () => {
    expect(tokensIn({ tokens: 3, idleMs: -5_000 }, 14)).toBe(3);
  });
});

describe('a ramp', () => {
  it('begins with the concurrency, doubles every five seconds, and is lifted after thirty', () => {
    const rates = [0, 4_999, 5_000, 10_000, 15_000, 20_000, 25_000, 29_999, 30_000].map((ms) =>
      rampRate(20, ms),
    );
    expect(rates).toEqual([20, 20, 40, 80, 160, 320, 640, 640, undefined]);
  });

  it('is not there without an outage', () => {
    expect(rampRate(20, undefined)).toBeUndefined();
  });
});

describe('a retry budget', () => {
  const BUDGET = { share: 0.2, minimum: 10 };
  const slot = (age: number, firsts: number, retries: number): SendSlot => ({ age, firsts, retries });

  it.each([
    ['nothing was sent', [], 10],
    ['few first sends', [slot(0, 40, 4)], 6],
    ['many first sends', [slot(0, 500, 30), slot(11, 500, 70)], 100],
    ['used up', [slot(0, 100, 20)], 0],
    ['overdrawn, because first sends left the minute', [slot(3, 0, 50)], 0],
    ['sends of the minute before', [slot(12, 10_000, 10_000)], 10],
    ['more handed back than counted', [slot(0, -50, -5)], 10],
  ])('leaves, with %s', (_, slots, left) => {
    expect(budgetLeft(slots, BUDGET)).toBe(left);
  });

  it('says when the next may go: as soon as enough of the retries are a minute old', () => {
    expect(untilBudgetMs([slot(0, 0, 10)], BUDGET, 1_000)).toBe(59_000);
    expect(untilBudgetMs([slot(11, 0, 1), slot(0, 0, 9)], BUDGET, 1_000)).toBe(4_000);
    // The first sends leave with them: what they allowed is gone, too.
    expect(untilBudgetMs([slot(11, 100, 0), slot(5, 0, 20)], BUDGET, 0)).toBe(35_000);
    expect(untilBudgetMs([slot(0, 0, 9)], BUDGET, 1_000)).toBe(0);
  });
});
