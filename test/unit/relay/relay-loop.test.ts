import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PRESSED_HERE } from '../../../src/outbox/wake-word.js';
import { Log } from '../../../src/platform/logging/log.js';
import { Pass } from '../../../src/relay/pass.js';
import { RelayLoop } from '../../../src/relay/relay.loop.js';

/** A loop that only its wake-ups and `step` drive, over a relay that is at bulk for good or never. */
function loopOver(outcomes: (Pass | Error)[], isAtBulk: boolean) {
  const passes: unknown[] = [];
  const mosts: number[] = [];
  const relay = {
    isAtBulk,
    runOnce: async (lanes: unknown, most: number) => {
      passes.push(lanes);
      mosts.push(most);
      const outcome = outcomes.shift() ?? new Pass(false);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
  const config = { environment: { databaseUrl: 'postgres://127.0.0.1:9/none' } };
  const loop = new RelayLoop(relay as never, config as never, new Log('silent')) as unknown as {
    onWake(word: string): void;
    step(): Promise<void>;
    beside: Promise<void> | undefined;
  };
  const ended = async (): Promise<void> => {
    while (loop.beside) await loop.beside;
  };
  return { passes, mosts, loop, ended };
}

const loopAtBulk = (outcomes: (Pass | Error)[]) => loopOver(outcomes, true);

const failing = (): Pass => {
  const pass = new Pass(false);
  pass.failed(new Error('The queue is away.'));
  return pass;
};

describe('a wake-up while a pass is at bulk', () => {
  it('starts a pass of the transactional lane beside it, and all that come during that one start one more', async () => {
    const { passes, loop, ended } = loopAtBulk([]);
    for (let i = 0; i < 5; i++) loop.onWake('');
    await ended();
    expect(passes).toEqual([['transactional'], ['transactional']]);
  });

  it.each([
    ['the queue', failing()],
    ['PostgreSQL', new Error('away')],
  ])(
    'starts none where %s has failed one: taking marks back wakes, and it would be asked without end',
    async (_, outcome) => {
      const { passes, loop, ended } = loopAtBulk([outcome]);
      for (let i = 0; i < 5; i++) {
        loop.onWake('');
        await ended();
      }
      expect(passes).toHaveLength(1);
    },
  );

  it('lets out as few beside bulk as elsewhere while the door of this machine is pressed', async () => {
    const { mosts, loop, ended } = loopAtBulk([]);
    loop.onWake('');
    await ended();
    loop.onWake(PRESSED_HERE);
    await ended();
    expect(mosts).toEqual([Infinity, 16]);
  });
});

describe('the wait after a pass', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const after = (published: number, isFull: boolean): Pass =>
    Object.assign(new Pass(false), { published, isFull });

  /** Whether a step has ended by now. */
  const stepOf = (loop: { step(): Promise<void> }) => {
    const step = { hasEnded: false };
    void loop.step().then(() => (step.hasEnded = true));
    return step;
  };

  it('ends with a wake-up where all that was due has gone, and soon without one: when the next is due is not known', async () => {
    const { loop } = loopOver([after(1, false), after(1, false)], false);
    const woken = stepOf(loop);
    await vi.advanceTimersByTimeAsync(1);
    expect(woken.hasEnded).toBe(false);
    loop.onWake('');
    await vi.advanceTimersByTimeAsync(0);
    expect(woken.hasEnded).toBe(true);
  });

  it('is for room where a queue is full, even when it was given some: no wake-up makes room', async () => {
    const { loop, passes } = loopOver([after(7, true), after(0, true), after(0, true)], false);
    const step = stepOf(loop);
    await vi.advanceTimersByTimeAsync(1);
    loop.onWake('');
    await vi.advanceTimersByTimeAsync(1);
    expect(step.hasEnded).toBe(false);
    expect(passes.slice(1)).toEqual([['transactional']]);
  });

  it('lets a pass beside it go again at once for a queue with room, and after a while for full ones: else each wake-up would look', async () => {
    const { loop, passes } = loopOver(
      [after(0, true), after(1, true), after(0, true), after(0, true)],
      false,
    );
    void loop.step();
    await vi.advanceTimersByTimeAsync(1);
    loop.onWake('');
    await vi.advanceTimersByTimeAsync(0);
    expect(passes).toHaveLength(2);
    for (let i = 0; i < 5; i++) {
      loop.onWake('');
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(passes).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(20);
    expect(passes).toHaveLength(4);
  });

  it('lets a pass beside it that found nothing be followed after a moment: else wake-ups of others drive it', async () => {
    const { loop, passes } = loopOver([after(0, true)], false);
    void loop.step();
    await vi.advanceTimersByTimeAsync(1);
    for (let i = 0; i < 5; i++) {
      loop.onWake('');
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(passes).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(5);
    expect(passes).toHaveLength(3);
  });

  it.each([
    ['', 30, 30],
    [', and not for each of many that come one by one', 1, 20],
  ])('is for what becomes due, where that is before there is room%s', async (_, dueMs, waitedMs) => {
    const full = after(0, true);
    full.waitsFor(dueMs);
    const step = stepOf(loopOver([full], false).loop);
    await vi.advanceTimersByTimeAsync(waitedMs - 1);
    expect(step.hasEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(step.hasEnded).toBe(true);
  });

  it('sees at once who came during the pass itself', async () => {
    const { loop, passes } = loopOver([after(3, true), after(1, false)], false);
    loop.onWake('');
    void loop.step();
    await vi.advanceTimersByTimeAsync(0);
    expect(passes.slice(1)).toEqual([['transactional']]);
  });
});
