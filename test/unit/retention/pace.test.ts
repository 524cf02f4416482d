import { describe, expect, it } from 'vitest';

import { Pace } from '../../../src/retention/pace.js';

const after = (pace: Pace, times: number, tookMs: number): void => {
  for (let n = 0; n < times; n++) pace.after(tookMs);
};

describe('the pace of retention', () => {
  it('takes on more while steps are quick, and no more than a bound', () => {
    const pace = new Pace();
    after(pace, 50, 1);
    expect(pace.rows).toBe(500);
  });

  it('takes on half after a slow step, and never nothing', () => {
    const pace = new Pace();
    pace.after(500);
    expect(pace.rows).toBe(50);
    after(pace, 20, 500);
    expect(pace.rows).toBe(10);
  });

  it('pauses as long as it worked', () => {
    const pace = new Pace();
    expect([pace.after(300), pace.after(0)]).toEqual([300, 5]);
  });
});
