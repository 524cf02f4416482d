import { describe, expect, it } from 'vitest';

import { LineGatherer } from '../../../src/platform/logging/line-gatherer.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('lines of the log', () => {
  function start() {
    const written: string[] = [];
    let flushes = 0;
    const gatherer = new LineGatherer(() => ({
      write: (text) => written.push(text),
      flushSync: () => void flushes++,
    }));
    return { gatherer, written, flushes: () => flushes };
  }

  it('are handed on in their order, those of one turn together', async () => {
    const { gatherer, written } = start();
    gatherer.write('a\n');
    gatherer.write('b\n');
    expect(written).toEqual([]);
    await turn();
    gatherer.write('c\n');
    await turn();
    expect(written).toEqual(['a\nb\n', 'c\n']);
  });

  it('are written at once before the process ends', () => {
    const { gatherer, written, flushes } = start();
    gatherer.write('a\n');
    gatherer.flushSync();
    expect(written).toEqual(['a\n']);
    expect(flushes()).toBe(1);
  });

  it('of the last turn are handed on when the process exits without a word', async () => {
    const { gatherer, written } = start();
    gatherer.write('a\n');
    await turn();
    gatherer.write('b\n');
    const atExit = process.listeners('exit').at(-1)!;
    atExit(0);
    process.removeListener('exit', atExit);
    expect(written).toEqual(['a\n', 'b\n']);
  });
});
