import { describe, expect, it } from 'vitest';

import type { Lane } from '../../../src/domain/channel.js';
import type { HeldGates } from '../../../src/gates/held-gates.js';
import type { QueueWindow, Route } from '../../../src/outbox/outbox.store.js';
import { Surveyor } from '../../../src/relay/due.js';
import { route } from '../../support/text-survey.js';

const GATES = { hasProbed: false } as HeldGates;
const inLane = (lane: Lane): Route => ({ ...route, lane, queue: `twilio.${lane}` });
const [transactional, bulk] = [inLane('transactional'), inLane('bulk')];

/** Over queues of which so many hints are out; keeps which of them were counted. */
function surveyorOver(out: Record<string, number>) {
  const counted: string[][] = [];
  const outbox = {
    windowsOf: async (queues: string[]) => {
      counted.push(queues);
      const some = queues.filter((queue) => (out[queue] ?? 0) > 0);
      return new Map(some.map((queue) => [queue, { count: out[queue]!, oldestMs: 0, endpoints: new Map() }]));
    },
    nextDue: async () => [],
  };
  const surveyor = new Surveyor(outbox as never, { standings: async () => new Map() } as never, {} as never);
  return { surveyor, counted };
}

const countsOf = (windows: ReadonlyMap<string, QueueWindow>): [string, number][] =>
  [...windows].map(([queue, { count }]) => [queue, count]);

describe('what is out', () => {
  it('is counted in the queues of the pass alone; of the others it is what was seen last', async () => {
    const out = { 'twilio.transactional': 2, 'twilio.bulk': 8_000 };
    const { surveyor, counted } = surveyorOver(out);
    await surveyor.look([transactional, bulk], GATES);
    Object.assign(out, { 'twilio.transactional': 3, 'twilio.bulk': 7_000 });
    const { windows } = await surveyor.look([transactional], GATES);
    expect(counted[1]).toEqual(['twilio.transactional']);
    expect(new Map(countsOf(windows))).toEqual(
      new Map([
        ['twilio.bulk', 8_000],
        ['twilio.transactional', 3],
      ]),
    );
  });

  it('is nothing where nothing is any more', async () => {
    const out = { 'twilio.transactional': 2, 'twilio.bulk': 1 };
    const { surveyor } = surveyorOver(out);
    await surveyor.look([transactional, bulk], GATES);
    out['twilio.transactional'] = 0;
    expect(countsOf((await surveyor.look([transactional], GATES)).windows)).toEqual([['twilio.bulk', 1]]);
    out['twilio.bulk'] = 0;
    expect(countsOf((await surveyor.look([transactional, bulk], GATES)).windows)).toEqual([]);
  });
});
