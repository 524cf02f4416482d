import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { parseQuota } from '../../../src/platform/config/units.js';
import { CallerRates } from '../../../src/platform/http/caller-rates.js';
import { Problem } from '../../../src/platform/http/problem.js';

const CALLER = { keyId: 'a', scopes: ['send'] } as const;

describe('the bucket of an API key', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  const rates = (rate?: string) =>
    new CallerRates({
      file: { limits: { rate: rate === undefined ? undefined : parseQuota(rate) } },
    } as never);
  const replyOf = () => {
    const headers: Record<string, string> = {};
    const reply = { header: (name: string, value: string) => ((headers[name] = value), reply) };
    return { reply: reply as never, headers };
  };
  const spend = (of: CallerRates, caller: Parameters<CallerRates['spend']>[0] = CALLER) => {
    const { reply, headers } = replyOf();
    try {
      of.spend(caller, reply);
      return { isAllowed: true, headers };
    } catch (error) {
      return { isAllowed: false, headers, retryAfterS: (error as Problem).more.retryAfterS };
    }
  };

  it('holds what the rate names, and fills again by its time, never beyond', () => {
    const of = rates('60/m');
    const spent = () => Array.from({ length: 100 }, () => spend(of)).filter((one) => one.isAllowed).length;
    expect(spent()).toBe(60);
    expect(spend(of)).toMatchObject({ isAllowed: false, retryAfterS: 1 });
    vi.advanceTimersByTime(10_000);
    expect(spent()).toBe(10);
    vi.advanceTimersByTime(3_600_000);
    expect(spent()).toBe(60);
  });

  it('pays for a batch that was larger than it by waiting', () => {
    const of = rates('10/s');
    spend(of);
    of.spendMore(CALLER, 99, replyOf().reply);
    expect(spend(of)).toMatchObject({ isAllowed: false, retryAfterS: 10 });
    vi.advanceTimersByTime(9_000);
    expect(spend(of).isAllowed).toBe(false);
    vi.advanceTimersByTime(200);
    expect(spend(of).isAllowed).toBe(true);
  });

  it('is its own where a key has a rate, and is not there without any', () => {
    expect(spend(rates()).headers).toEqual({});
    const quota = parseQuota('2/s');
    expect(spend(rates('500/s'), { ...CALLER, rate: quota }).headers['ratelimit-policy']).toBe(
      '"key";q=2;w=1',
    );
  });
});
