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
  it('are waited for with nothing in hand: who waits for the provider holds no place of an endpoint', async () => {
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

  it('are had by who waits for a full endpoint once both are free, whichever comes first', async () => {
    const { slots, endpoints, places } = made(1, 1);
    const atEndpoint = (await endpoints.take('a', 'bulk', never))!;
    const atProvider = (await slots.take('bulk', never))!;
    const waiting = places.takeAtFullEndpoint(hint, 'bulk', never);
    atEndpoint.release();
    await Promise.resolve();
    const stranger = (await endpoints.take('a', 'transactional', never))!; // the endpoint is full again
    atProvider.release();
    stranger.release();
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

  it('are had by one of two who each wait for what the other is given', async () => {
    const { slots, places } = made(1, 1);
    const held = (await places.take(hint, 'bulk', never)) as Slot;
    const waits = [places.takeAtFullEndpoint(hint, 'bulk', never), places.take(hint, 'bulk', never)];
    held.release();
    await new Promise((resolve) => setTimeout(resolve, 0)); // never fires while they exchange places for ever
    expect(slots.busy).toBe(1);
    await Promise.race(waits);
  });
});
