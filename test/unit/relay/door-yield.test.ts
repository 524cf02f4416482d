import { describe, expect, it } from 'vitest';

import { DoorYield } from '../../../src/relay/door-yield.js';

/** A door that says every 50 ms that it is pressed, from `from` to `to`; answers for how much of it relays yield. Milliseconds. */
function yieldedWhilePressed(door: DoorYield, clock: { ms: number }, from: number, to: number): number {
  let yielded = 0;
  for (clock.ms = from; clock.ms < to; clock.ms += 50) {
    door.note();
    if (door.isYielding()) yielded += 50;
  }
  return yielded;
}

describe('relays yield to the door of their machine', () => {
  const doorAt = (): { door: DoorYield; clock: { ms: number } } => {
    const clock = { ms: 0 };
    return { door: new DoorYield(() => clock.ms), clock };
  };

  it('while it says that it is pressed, and go on when it has been silent for a moment', () => {
    const { door, clock } = doorAt();
    expect(door.isYielding()).toBe(false);
    door.note();
    clock.ms += 299;
    expect(door.isYielding()).toBe(true);
    clock.ms += 1;
    expect(door.isYielding()).toBe(false);
  });

  it('for ten seconds at a stretch, and for half of the time of a door that is pressed for ever', () => {
    const { door, clock } = doorAt();
    expect(yieldedWhilePressed(door, clock, 0, 10_000)).toBe(10_000);
    const later = yieldedWhilePressed(door, clock, 10_000, 110_000);
    expect(later).toBeGreaterThan(45_000);
    expect(later).toBeLessThan(55_000);
  });

  it('as long again once the door has rested', () => {
    const { door, clock } = doorAt();
    yieldedWhilePressed(door, clock, 0, 15_000);
    expect(yieldedWhilePressed(door, clock, 30_000, 40_000)).toBe(10_000);
  });
});
