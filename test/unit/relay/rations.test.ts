import { describe, expect, it } from 'vitest';

import type { Lane } from '../../../src/domain/channel.js';
import { GatesUnderTrial, NO_TRIALS } from '../../../src/gates/held-gates.js';
import type { Published } from '../../../src/outbox/outbox.store.js';
import type { DueGroup } from '../../../src/relay/due.js';
import { Rations } from '../../../src/relay/rations.js';
import { Windows } from '../../../src/relay/windows.js';
import { route, survey, termsOf } from '../../support/text-survey.js';

const [first, retry] = survey.due as [DueGroup, DueGroup];

/** What a provider with this rate and a full bucket may have, while first sends and retries are due. */
const rations = (ratePerSecond: number, random: number, trials = NO_TRIALS): Rations =>
  new Rations(
    { ...survey, trials },
    new Windows(),
    () => termsOf(ratePerSecond),
    () => random,
  );
/** Over all of chance alike. */
const mean = (ratePerSecond: number): number => {
  const draws = Array.from({ length: 600 }, (_, i) => rations(ratePerSecond, i / 600).of(route, first).most);
  return draws.reduce((sum, one) => sum + one, 0) / draws.length;
};

describe('first sends, while retries are due', () => {
  it('leave them their share of what may go', () => {
    expect(mean(60)).toBeCloseTo(50);
    expect(mean(7)).toBeCloseTo((7 * 5) / 6, 1);
  });

  it('are not starved by them where a single one may go at a time', () => {
    expect(mean(0.1)).toBeCloseTo(5 / 6, 1);
  });

  it('leave a retry no more than there is: the place that they do not take is its own', () => {
    const one = rations(0.1, 0.99);
    expect([one.of(route, first).most, one.of(route, retry).most]).toEqual([0, 1]);
  });
});

describe('a provider whose breaker’s time is over', () => {
  const probe = { ...route, isProbe: true };

  it('gets one hint, and none while a call of it is under way', () => {
    expect(rations(60, 0).of(probe, first)).toMatchObject({ most: 1 });
    const trials = new GatesUnderTrial([{ kind: 'provider', key: 'twilio' }]);
    expect(rations(60, 0, trials).of(probe, first)).toEqual({
      most: 0,
      isFull: false,
      hasHadItsPart: false,
      waitMs: 200,
    });
  });
});

describe('a queue that has been given all that it may have', () => {
  const unlimited = (windows: Windows, lane: Lane) => {
    const to = { ...route, lane, queue: `twilio.${lane}` };
    const group = { ...first, group: { ...first.group, lane }, takers: [to] };
    const given = new Rations(survey, windows, () => termsOf(undefined));
    const { most } = given.of(to, group);
    given.note(to, group, Array<Published>(most).fill({ endpointId: null } as Published));
    return { most, next: given.of(to, group) };
  };

  it('is full when its window is, and waits', () => {
    const { most, next } = unlimited(new Windows(), 'transactional');
    expect(most).toBe(200);
    expect(next).toMatchObject({ most: 0, isFull: true, hasHadItsPart: false });
  });

  it('has had its part when its window would take more, and the next pass goes on', () => {
    const windows = new Windows();
    windows.noteTransactional();
    const { most, next } = unlimited(windows, 'bulk');
    expect(most).toBe(100);
    expect(next).toMatchObject({ most: 0, isFull: false, hasHadItsPart: true });
  });
});
