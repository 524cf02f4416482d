import { describe, expect, it } from 'vitest';

import { type Lane, LANES } from '../../../src/domain/channel.js';
import type { HeldGates } from '../../../src/gates/held-gates.js';
import type { QueueWindow, Route } from '../../../src/outbox/outbox.store.js';
import type { QueueRef } from '../../../src/queues/queue-names.js';
import { Surveyor } from '../../../src/relay/due.js';
import { route } from '../../support/text-survey.js';

const GATES = { hasProbed: false } as HeldGates;
const inLane = (lane: Lane): Route => ({ ...route, lane, queue: `twilio.${lane}` });
const [transactional, bulk] = [inLane('transactional'), inLane('bulk')];

/** Over queues of which so many hints are out, as the test changes it; `counted`: how often those of bulk were. */
function surveyorOver(out: { transactional: number; bulk: number }) {
  let counted = 0;
  const windows = (lanes: readonly Lane[]): Map<string, QueueWindow> => {
    counted += Number(lanes.includes('bulk'));
    const some = lanes.filter((lane) => out[lane] > 0);
    return new Map(
      some.map((lane) => [inLane(lane).queue, { count: out[lane], oldestMs: 0, endpoints: new Map() }]),
    );
  };
  const outbox = {
    windows: async () => windows(LANES),
    windowsOf: async (queues: string[]) =>
      windows(LANES.filter((lane) => queues.includes(inLane(lane).queue))),
    nextDue: async () => [],
  };
  const refs = LANES.map((lane) => ({ lane, name: inLane(lane).queue }) as QueueRef);
  const allowances = { standings: async () => new Map() };
  const surveyor = new Surveyor(outbox as never, allowances as never, {} as never, () => refs);
  const look = async (routes: Route[], lanes: readonly Lane[]): Promise<Record<string, number>> => {
    const survey = await surveyor.look(routes, GATES, lanes);
    return Object.fromEntries([...survey.windows].map(([queue, { count }]) => [queue, count]));
  };
  return {
    whole: (routes = [transactional, bulk]) => look(routes, LANES),
    beside: () => look([transactional], ['transactional']),
    counted: () => counted,
  };
}

describe('what is out', () => {
  it('is counted, but for many of the other lane: of those a pass beside knows what the last whole one saw', async () => {
    const out = { transactional: 2, bulk: 8_000 };
    const { whole, beside, counted } = surveyorOver(out);
    await whole();
    Object.assign(out, { transactional: 3, bulk: 7_000 });
    expect(await beside()).toEqual({ 'twilio.transactional': 3, 'twilio.bulk': 8_000 });
    expect(counted()).toBe(1);
    expect(await whole()).toEqual({ 'twilio.transactional': 3, 'twilio.bulk': 7_000 });
  });

  it('is counted where few are: a rate and a call that tries a gate are for both lanes together', async () => {
    const out = { transactional: 0, bulk: 0 };
    const { whole, beside } = surveyorOver(out);
    await whole();
    out.bulk = 20;
    expect(await beside()).toEqual({ 'twilio.bulk': 20 });
  });

  it('is counted in a queue that is held, too: what was out of it ends, and its provider’s other lane has the room', async () => {
    const out = { transactional: 0, bulk: 8_000 };
    const { whole, beside } = surveyorOver(out);
    await whole();
    out.bulk = 0;
    expect(await whole([transactional])).toEqual({});
    expect(await beside()).toEqual({});
  });
});
