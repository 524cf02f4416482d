import { describe, expect, it } from 'vitest';

import { intoChunks } from '../../../src/relay/chunks.js';
import { Window } from '../../../src/relay/window.js';
import { Windows } from '../../../src/relay/windows.js';

const BOUNDS = { floor: 100, ceiling: 8_000, targetMs: 2_000 };
const state = (count: number, oldestMs = 0) => ({ count, oldestMs });

describe('the window', () => {
  it('doubles while it is found nearly empty, up to its ceiling', () => {
    const window = new Window(BOUNDS);
    const rooms = Array.from({ length: 10 }, () => window.room(state(0)));
    expect(rooms).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 8_000, 8_000, 8_000, 8_000]);
  });

  it('stays while it is half full, and has no more room than is left', () => {
    const window = new Window(BOUNDS);
    expect(window.room(state(50))).toBe(50);
    expect(window.room(state(100))).toBe(0);
    expect(window.room(state(101))).toBe(0);
    expect(window.room(state(5_000))).toBe(0);
  });

  it('halves while its oldest hint has waited too long, down to its floor, and never below what a slow provider needs', () => {
    const window = new Window(BOUNDS);
    for (let i = 0; i < 8; i++) window.room(state(0));
    expect(window.room(state(0, 2_001))).toBe(4_000);
    for (let i = 0; i < 10; i++) window.room(state(0, 60_000));
    expect(window.room(state(0, 60_000))).toBe(100);
    expect(window.room(state(99, 60_000))).toBe(1);
  });
});

describe('the window of an endpoint', () => {
  const slow = (count: number) => ({
    ...state(count, 60_000),
    endpoints: new Map([['a', state(count, 60_000)]]),
  });

  it('never has more out than twice its cap while it is slow, and obeys another cap at once', () => {
    const windows = new Windows();
    expect(windows.roomOfEndpoint('hooks.bulk', 'a', slow(0), 5)).toBe(10);
    expect(windows.roomOfEndpoint('hooks.bulk', 'a', slow(2), 1)).toBe(0);
    expect(windows.roomOfEndpoint('hooks.bulk', 'a', slow(1), 1)).toBe(1);
  });

  it('is another in each lane: what is out of a campaign takes nothing from the rest', () => {
    const windows = new Windows();
    for (let i = 0; i < 3; i++) windows.roomOfEndpoint('hooks.transactional', 'a', undefined, 5);
    expect(windows.roomOfEndpoint('hooks.bulk', 'a', slow(10), 5)).toBe(0);
    expect(windows.roomOfEndpoint('hooks.transactional', 'a', undefined, 5)).toBeGreaterThan(100);
  });
});

describe('one pass', () => {
  it('gives bulk a small part while transactional work comes, and all that one statement may otherwise', () => {
    const windows = new Windows();
    expect([windows.batchOf('bulk'), windows.batchOf('transactional')]).toEqual([500, 500]);
    windows.noteTransactional();
    expect([windows.batchOf('bulk'), windows.batchOf('transactional')]).toEqual([100, 500]);
  });
});

describe('chunks', () => {
  it.each([
    [0, []],
    [1, [1]],
    [8, [1, 1, 1, 1, 1, 1, 1, 1]],
    [9, [2, 2, 2, 2, 1]],
    [400, Array(8).fill(50) as number[]],
    [500, Array(10).fill(50) as number[]],
  ])('cut %i hints into jobs', (count, sizes) => {
    const hints = Array.from({ length: count }, (_, i) => i);
    const chunks = intoChunks(hints);
    expect(chunks.map((chunk) => chunk.length)).toEqual(sizes);
    expect(chunks.flat()).toEqual(hints);
  });
});
