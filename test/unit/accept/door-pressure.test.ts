import { describe, expect, it } from 'vitest';

import { DoorPressure } from '../../../src/accept/door-pressure.js';

describe('a door', () => {
  /** Looked at every 100 ms; each time it has been busy for so many of them, and so many callers wait. */
  const pressedAfter = (
    looks: readonly { busyMs: number; callers: number; afterMs?: number }[],
  ): boolean[] => {
    const seen = { active: 0, idle: 0, utilization: 0 };
    let now = 0;
    const pressure = new DoorPressure(
      () => ({ ...seen }),
      () => now,
    );
    return looks.map(({ busyMs, callers, afterMs = 100 }) => {
      now += afterMs;
      seen.active += busyMs;
      seen.idle += afterMs - busyMs;
      pressure.note(callers);
      return pressure.isPressed;
    });
  };
  const busy = { busyMs: 90, callers: 40 };

  it('is pressed when for a third of a second callers stand in line and its event loop has no time to spare', () => {
    expect(pressedAfter([busy, busy, busy, busy, busy])).toEqual([false, false, false, true, true]);
  });

  it('is not when few wait, or when they wait for something else than the processor', () => {
    expect(pressedAfter(Array(6).fill({ busyMs: 90, callers: 5 }))).not.toContain(true);
    expect(pressedAfter(Array(6).fill({ busyMs: 20, callers: 64 }))).not.toContain(true);
  });

  it('stays so at a look that finds it resting, and is not after two, or after a pause', () => {
    const rest = { busyMs: 90, callers: 1 };
    expect(pressedAfter([busy, busy, busy, busy, busy, busy, rest, rest]).slice(-3)).toEqual([
      true,
      true,
      false,
    ]);
    expect(pressedAfter([busy, busy, busy, busy, { ...busy, afterMs: 600 }]).at(-1)).toBe(false);
  });
});
