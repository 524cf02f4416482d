import { describe, expect, it } from 'vitest';

import { PRESSED_HERE } from '../../../src/outbox/wake-word.js';
import { Log } from '../../../src/platform/logging/log.js';
import { Pass } from '../../../src/relay/pass.js';
import { RelayLoop } from '../../../src/relay/relay.loop.js';

/** A relay that is at bulk for good, and a loop that only its wake-ups drive. */
function loopAtBulk(outcomes: (Pass | Error)[]) {
  const passes: unknown[] = [];
  const mosts: number[] = [];
  const relay = {
    isAtBulk: true,
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
    beside: Promise<void> | undefined;
  };
  const ended = async (): Promise<void> => {
    while (loop.beside) await loop.beside;
  };
  return { passes, mosts, loop, ended };
}

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
