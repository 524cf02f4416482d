import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Breaker, type BreakerState } from '../../../src/breakers/breaker.js';
import { failed, type Outcome, taken } from '../../../src/domain/outcome.js';

const down = failed('not_sent', { class: 'network', code: 'connect_refused', detail: '', scope: 'provider' });
const refused = failed('rejected', { class: 'permanent', code: 'smtp_550', detail: '', scope: 'message' });
const throttled = failed('deferred', { class: 'throttled', code: 'http_429', detail: '', scope: 'provider' });
const ok = taken('250', '');
const RESET_MS = 1_000;

describe('a breaker', () => {
  let breaker: Breaker;
  let changes: BreakerState[];
  const call = (outcome: Outcome) => breaker.call(async () => outcome);

  beforeEach(() => {
    vi.useFakeTimers();
    changes = [];
    breaker = new Breaker(
      { errorRate: 0.5, minimum: 4, windowMs: 60_000, resetMs: RESET_MS, scopes: ['provider'] },
      (state) => changes.push(state),
    );
  });

  afterEach(() => {
    breaker.shutdown();
    vi.useRealTimers();
  });

  it('gives back every outcome as the value it was', async () => {
    for (const outcome of [ok, down, refused, throttled]) expect(await call(outcome)).toBe(outcome);
  });

  it('admits nobody beside the call that tries, for as long as that takes', async () => {
    for (let i = 0; i < 4; i++) await call(down);
    expect(breaker.admits).toBe(false);
    await vi.advanceTimersByTimeAsync(RESET_MS);
    expect(breaker.admits).toBe(true);
    let answer: (outcome: Outcome) => void = () => undefined;
    const trying = breaker.call(() => new Promise((resolve) => (answer = resolve)));
    expect([breaker.state, breaker.admits]).toEqual(['half_open', false]);
    answer(ok);
    await trying;
    expect(breaker.admits).toBe(true);
  });

  it('opens by what is true of the whole provider, and then calls nobody and consumes nothing', async () => {
    for (let i = 0; i < 4; i++) await call(down);
    expect(breaker.state).toBe('open');
    const send = vi.fn(async () => ok);
    expect(await breaker.call(send)).toMatchObject({
      kind: 'not_sent',
      class: 'lease',
      code: 'breaker_open',
    });
    expect(send).not.toHaveBeenCalled();
    expect(changes).toEqual(['open']);
  });

  it.each([
    ['the refusal of one message', refused],
    ['a throttle', throttled],
  ])('is not moved by %s', async (_, outcome) => {
    for (let i = 0; i < 20; i++) await call(outcome);
    expect(breaker.state).toBe('closed');
  });

  it('does not judge before it has seen enough', async () => {
    for (let i = 0; i < 3; i++) await call(down);
    expect(breaker.state).toBe('closed');
  });

  it('closes again by one success after its reset, and opens again by one failure', async () => {
    for (let i = 0; i < 4; i++) await call(down);
    await vi.advanceTimersByTimeAsync(RESET_MS);
    expect(breaker.state).toBe('half_open');
    await call(down);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(RESET_MS);
    await call(ok);
    expect(changes).toEqual(['open', 'half_open', 'open', 'half_open', 'closed']);
  });

  it('lets a bug through as what it is', async () => {
    await expect(breaker.call(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
  });
});
