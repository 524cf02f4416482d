import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DispatchService } from '../../../src/dispatch/dispatch.service.js';
import { EndpointSlots } from '../../../src/dispatch/endpoint-slots.js';
import { Places } from '../../../src/dispatch/places.js';
import { Slots } from '../../../src/dispatch/slots.js';
import type { Hint } from '../../../src/notifications/claimed.js';
import type { QueueRef } from '../../../src/queues/queue-names.js';

const QUEUE: QueueRef = {
  name: 'hooks.bulk',
  bullName: '{hooks.bulk}',
  provider: 'hooks',
  channel: 'webhook',
  lane: 'bulk',
};
const BOUND_MS = 10_000;
const forever = new AbortController().signal;

/** The spine's first half with every place taken: what it does with hints that find none. */
describe('the time bound of a chunk', () => {
  let slots: Slots;
  let endpoints: EndpointSlots;
  let handedBack: string[];
  let service: DispatchService;

  beforeEach(() => {
    vi.useFakeTimers();
    slots = new Slots(1);
    endpoints = new EndpointSlots(1, { find: async () => undefined });
    const places = new Places(slots, endpoints, { noteTransactional: () => undefined });
    handedBack = [];
    const handBacks = {
      takeBack: async (_provider: string, hints: readonly Hint[]) =>
        handedBack.push(...hints.map((hint) => hint.id)),
    };
    service = new DispatchService(
      { of: () => ({ places }) } as never,
      { isOpenFor: () => true, handBackMs: () => 0 } as never,
      { take: () => Promise.reject(new Error('no hint should come this far')) } as never,
      {} as never,
      handBacks as never,
      { claimFailed: () => undefined } as never,
    );
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('hands back, after ten seconds, what found no place at the provider, and ends the job', async () => {
    await slots.take('bulk', forever);
    const chunk = service.takeChunk(
      [
        { id: 'a', dispatch: 1 },
        { id: 'b', dispatch: 1 },
      ],
      QUEUE,
    );
    await vi.advanceTimersByTimeAsync(BOUND_MS - 1);
    expect(handedBack).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await chunk;
    expect(handedBack).toEqual(['a', 'b']);
  });

  it('ends the job at once for those that wait for their endpoint, and hands them back after ten seconds too', async () => {
    await endpoints.take('ep', 'bulk', forever);
    await service.takeChunk([{ id: 'a', dispatch: 1, endpointId: 'ep' }], QUEUE);
    expect(handedBack).toEqual([]);
    await vi.advanceTimersByTimeAsync(BOUND_MS);
    expect(handedBack).toEqual(['a']);
  });

  it('hands everything back when the process stops, also what comes after', async () => {
    await slots.take('bulk', forever);
    const chunk = service.takeChunk([{ id: 'a', dispatch: 1 }], QUEUE);
    await service.stop();
    await chunk;
    await service.takeChunk([{ id: 'b', dispatch: 1 }], QUEUE);
    expect(handedBack).toEqual(['a', 'b']);
  });
});
