import { describe, expect, it } from 'vitest';

import { EndpointSlots } from '../../../src/dispatch/endpoint-slots.js';
import { Places } from '../../../src/dispatch/places.js';
import type { Slot } from '../../../src/dispatch/slots.js';
import { Slots } from '../../../src/dispatch/slots.js';

const never = new AbortController().signal;
const hint = { id: 'n', dispatch: 1, endpointId: 'a' };

const made = (ofProvider: number, ofEndpoint: number) => {
  const slots = new Slots(ofProvider);
  const endpoints = new EndpointSlots(ofEndpoint, { find: async () => undefined });
  const places = new Places(slots, endpoints, { noteTransactional: () => undefined });
  return { slots, endpoints, places };
};

describe('the two places that a webhook needs', () => {
  it('are not held while the provider is waited for: an endpoint’s place stays for others', async () => {
    const { slots, endpoints, places } = made(1, 1);
    const held = (await slots.take('transactional', never))!;
    const waiting = places.take(hint, 'bulk', never);
    expect(endpoints.hasPlace('a', 'transactional')).toBe(true);
    held.release();
    expect(await waiting).toBeTypeOf('object');
    expect([slots.busy, endpoints.hasPlace('a', 'bulk')]).toEqual([1, false]);
  });

  it('are not taken one without the other: who finds the endpoint full gives the provider its place back', async () => {
    const { slots, endpoints, places } = made(1, 1);
    await endpoints.take('a', 'bulk', never);
    expect(await places.take(hint, 'bulk', never)).toBe('second_full');
    expect(slots.busy).toBe(0);
  });

  it('are had by who waits for a full endpoint once both are free', async () => {
    const { slots, endpoints, places } = made(1, 1);
    const atEndpoint = (await endpoints.take('a', 'bulk', never))!;
    const atProvider = (await slots.take('bulk', never))!;
    const waiting = places.takeAtFullEndpoint(hint, 'bulk', never);
    atEndpoint.release();
    atProvider.release();
    const both = (await waiting)!;
    expect([slots.busy, endpoints.hasPlace('a', 'transactional')]).toEqual([1, false]);
    both.release();
    expect([slots.busy, endpoints.hasPlace('a', 'transactional')]).toEqual([0, true]);
  });

  it('are given up by who has gone away', async () => {
    const { slots, endpoints, places } = made(1, 1);
    const held: Slot[] = [(await slots.take('bulk', never))!, (await endpoints.take('a', 'bulk', never))!];
    const leaving = new AbortController();
    const waits = [
      places.take(hint, 'bulk', leaving.signal),
      places.takeAtFullEndpoint(hint, 'bulk', leaving.signal),
    ];
    leaving.abort();
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
    held.forEach((slot) => slot.release());
    expect([slots.busy, endpoints.hasPlace('a', 'bulk')]).toEqual([0, true]);
  });

  it('are had by all in turn, where some wait for the one and some for the other', async () => {
    const { slots, endpoints, places } = made(1, 1);
    const taken: Slot[] = [];
    const held = [(await slots.take('bulk', never))!, (await endpoints.take('a', 'bulk', never))!];
    for (let i = 0; i < 5; i++) {
      void places.takeAtFullEndpoint(hint, 'bulk', never).then((slot) => taken.push(slot!));
      void takeAnyhow(places).then((slot) => taken.push(slot!));
    }
    held.forEach((slot) => slot.release());
    for (let had = 1; had <= 10; had++) {
      await nextTick();
      expect([taken.length, slots.busy]).toEqual([had, 1]);
      taken.at(-1)!.release();
    }
    expect([slots.isIdle, endpoints.hasPlace('a', 'bulk')]).toEqual([true, true]);
  });
});

/** As the spine does. */
async function takeAnyhow(places: Places): Promise<Slot | undefined> {
  const slot = await places.take(hint, 'bulk', never);
  return slot === 'second_full' ? places.takeAtFullEndpoint(hint, 'bulk', never) : slot;
}

/** Never comes while places are exchanged for ever from one microtask to the next. */
const nextTick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
