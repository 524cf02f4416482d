import { describe, expect, it } from 'vitest';

import type { Route } from '../../../src/outbox/outbox.store.js';
import { dealOut, isCutShort, roomForRetries } from '../../../src/relay/fair-share.js';
import { WeightedTurns } from '../../../src/relay/weighted-turns.js';

const route = (provider: string, weight: number): Route => ({
  channel: 'email',
  lane: 'transactional',
  provider,
  takesUnpinned: true,
  weight,
  queue: `${provider}.transactional`,
  isProbe: false,
  perEndpointConcurrency: 5,
});
const heavy = route('heavy', 3);
const light = route('light', 1);

describe('weighted turns', () => {
  /** Deals `rows` as they come, `atOnce` at a time. */
  const deal = (turns: WeightedTurns, routes: Route[], rows: number, atOnce: number): Map<string, number> => {
    const got = new Map(routes.map(({ provider }) => [provider, 0]));
    for (let left = rows; left > 0;) {
      let due = Math.min(atOnce, left);
      left -= due;
      turns.among(routes);
      while (due > 0) {
        const next = turns.next(routes);
        const taken = Math.min(due, turns.sizeOf(next, routes));
        turns.note(next, taken);
        got.set(next.provider, got.get(next.provider)! + taken);
        due -= taken;
      }
    }
    return got;
  };

  it.each([1, 7, 50, 400])('share three to one when %i are due at a time', (atOnce) => {
    const got = deal(new WeightedTurns(), [heavy, light], 400, atOnce);
    expect(got.get('heavy')).toBeGreaterThanOrEqual(285);
    expect(got.get('heavy')).toBeLessThanOrEqual(315);
  });

  it('owe nothing to one that was away: it goes on level with the others', () => {
    const turns = new WeightedTurns();
    deal(turns, [heavy, light], 40, 1);
    deal(turns, [light], 10_000, 100);
    const got = deal(turns, [heavy, light], 400, 10);
    expect(got.get('light')).toBeGreaterThanOrEqual(85);
  });
});

describe('retries of endpoints', () => {
  it('leave half to the next, and half of that to the one after', () => {
    expect(roomForRetries(20, 0)).toBe(10);
    expect(roomForRetries(10, 10)).toBe(0);
    expect(roomForRetries(10, 0)).toBe(5);
    expect(roomForRetries(1, 0)).toBe(1);
    expect(roomForRetries(0, 0)).toBe(0);
  });

  it('are dealt evenly among those that ask at once', () => {
    const rooms = ['a', 'b', 'c'].map((endpointId) => ({ endpointId, room: roomForRetries(12, 0) }));
    expect(dealOut(rooms, 12).map(({ room }) => room)).toEqual([4, 4, 4]);
  });
});

describe('an endpoint is cut short', () => {
  const rooms = ['a', 'b', 'c', 'd'].map((endpointId) => ({ endpointId, room: 10 }));
  const had = (counts: Record<string, number>) =>
    Object.entries(counts).flatMap(([endpointId, count]) =>
      Array.from({ length: count }, () => ({ id: 'n', dispatch: 1, endpointId, sender: 0 })),
    );

  it('where it took all it was dealt, with room for more that others did not use', () => {
    expect(isCutShort(rooms, 20, had({ a: 5, b: 1 }))).toBe(true);
  });

  it('where others were dealt all there was', () => {
    expect(isCutShort(rooms, 2, had({ a: 1 }))).toBe(true);
    expect(isCutShort(rooms, 2, [])).toBe(false);
  });

  it('not where it took less: no more of it is due', () => {
    expect(isCutShort(rooms, 20, had({ a: 4, b: 1 }))).toBe(false);
  });

  it('not where it has no room for more', () => {
    expect(isCutShort(rooms, 40, had({ a: 10, b: 1 }))).toBe(false);
  });
});
