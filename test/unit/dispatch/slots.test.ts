import { describe, expect, it, vi } from 'vitest';

import { EndpointSlots } from '../../../src/dispatch/endpoint-slots.js';
import { Slots } from '../../../src/dispatch/slots.js';

const never = new AbortController().signal;

describe('slots', () => {
  it('are given up to their number, and to who waits first', async () => {
    const slots = new Slots(2);
    const [first, second] = [await slots.take('bulk', never), await slots.take('bulk', never)];
    const order: string[] = [];
    const third = slots.take('bulk', never).then((slot) => (order.push('third'), slot));
    const fourth = slots.take('bulk', never).then((slot) => (order.push('fourth'), slot));
    expect(slots.busy).toBe(2);
    first!.release();
    second!.release();
    await Promise.all([third, fourth]);
    expect(order).toEqual(['third', 'fourth']);
    expect(slots.busy).toBe(2);
  });

  it('go to transactional before bulk, however long bulk has waited', async () => {
    const slots = new Slots(1);
    const held = await slots.take('bulk', never);
    const order: string[] = [];
    const waits = (['bulk', 'bulk', 'transactional', 'transactional'] as const).map((lane) =>
      slots.take(lane, never).then((slot) => {
        order.push(lane);
        slot!.release();
      }),
    );
    held!.release();
    await Promise.all(waits);
    expect(order).toEqual(['transactional', 'transactional', 'bulk', 'bulk']);
    expect(slots.busy).toBe(0);
  });

  it('keep bulk to its share while transactional takes the rest', async () => {
    const slots = new Slots(3, () => 1);
    await slots.take('bulk', never);
    let isGiven = false;
    const second = slots.take('bulk', never).then((slot) => ((isGiven = true), slot));
    const others = [await slots.take('transactional', never), await slots.take('transactional', never)];
    expect(slots.busy).toBe(3);
    others[0]!.release();
    await Promise.resolve();
    expect(isGiven).toBe(false); // a place is free, but not one of bulk's
    void second;
  });

  it('are not given to who has gone away, and are not lost with them', async () => {
    const slots = new Slots(1);
    const held = await slots.take('bulk', never);
    const leaving = new AbortController();
    const gone = slots.take('bulk', leaving.signal);
    const stays = slots.take('bulk', never);
    leaving.abort();
    expect(await gone).toBeUndefined();
    held!.release();
    expect(await stays).toBeDefined();
    expect(slots.busy).toBe(1);
  });

  it('are given to nobody whose signal has fired already', async () => {
    const slots = new Slots(1);
    expect(await slots.take('bulk', AbortSignal.abort())).toBeUndefined();
    expect(slots.busy).toBe(0);
  });

  it('are given back once, however often that is said', async () => {
    const slots = new Slots(2);
    const one = (await slots.take('bulk', never))!;
    await slots.take('bulk', never);
    one.release();
    one.release();
    expect(slots.busy).toBe(1);
  });
});

describe('slots of endpoints', () => {
  const unknown = { find: async () => undefined };
  const capped = (caps: Record<string, number>) => ({
    find: async (id: string) => ({ concurrency: caps[id] }) as never,
  });

  it('obey a cap of the endpoint’s own, and its changes while calls are in flight', async () => {
    const caps: Record<string, number> = { a: 1 };
    const slots = new EndpointSlots(2, capped(caps));
    await slots.learn(['a', 'b']);
    const first = await slots.take('a', 'bulk', never);
    await slots.take('b', 'bulk', never);
    expect([slots.hasPlace('a', 'bulk'), slots.hasPlace('b', 'bulk')]).toEqual([false, true]);
    const waiting = slots.take('a', 'bulk', never);
    caps['a'] = 3;
    await slots.learn(['a']);
    expect(await waiting).toBeDefined();
    caps['a'] = 1;
    await slots.learn(['a']);
    first!.release();
    expect(slots.hasPlace('a', 'bulk')).toBe(false);
  });

  it('keep what they know while the directory does not answer', async () => {
    let isAway = false;
    const find = async () => (isAway ? Promise.reject(new Error('away')) : ({ concurrency: 1 } as never));
    const slots = new EndpointSlots(5, { find });
    await slots.learn(['a']);
    isAway = true;
    await slots.learn(['a']);
    await slots.take('a', 'bulk', never);
    expect(slots.hasPlace('a', 'bulk')).toBe(false);
  });

  it('remember the caps of the last 20,000 endpoints, and not of every one there ever was', async () => {
    const slots = new EndpointSlots(5, { find: async () => ({ concurrency: 1 }) as never });
    const ids = Array.from({ length: 20_001 }, (_, at) => `endpoint ${at}`);
    for (const id of ids) await slots.learn([id]);
    for (const id of [ids[0]!, ids[1]!, ids.at(-1)!]) await slots.take(id, 'bulk', never);
    expect([ids[0]!, ids[1]!, ids.at(-1)!].map((id) => slots.hasPlace(id, 'bulk'))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('hold one endpoint to its few and leave the others alone', async () => {
    const slots = new EndpointSlots(2, unknown);
    const taken = [await slots.take('a', 'bulk', never), await slots.take('a', 'bulk', never)];
    expect([slots.hasPlace('a', 'bulk'), slots.hasPlace('b', 'bulk')]).toEqual([false, true]);
    const waiting = slots.take('a', 'bulk', never);
    expect(await slots.take('b', 'bulk', never)).toBeDefined();
    taken[0]!.release();
    expect(await waiting).toBeDefined();
    expect(slots.hasPlace('a', 'bulk')).toBe(false);
  });

  it('are not given to who has gone away, and leave nothing behind', async () => {
    const slots = new EndpointSlots(1, unknown);
    expect(await slots.take('a', 'bulk', AbortSignal.abort())).toBeUndefined();
    expect(slots.hasPlace('a', 'bulk')).toBe(true);
    expect((slots as unknown as { byEndpoint: Map<string, unknown> }).byEndpoint.size).toBe(0);
  });

  it('keep their number though a place is given back twice', async () => {
    const slots = new EndpointSlots(1, unknown);
    const stale = (await slots.take('a', 'bulk', never))!;
    stale.release();
    const held = await slots.take('a', 'bulk', never);
    stale.release();
    expect(slots.hasPlace('a', 'bulk')).toBe(false);
    held!.release();
    expect(slots.hasPlace('a', 'bulk')).toBe(true);
  });

  it('are had by transactional work before bulk that has waited longer', async () => {
    const slots = new EndpointSlots(1, unknown);
    const held = (await slots.take('a', 'bulk', never))!;
    const order: string[] = [];
    const waits = (['bulk', 'transactional'] as const).map((lane) =>
      slots.take('a', lane, never).then((slot) => {
        order.push(lane);
        slot!.release();
      }),
    );
    held.release();
    await Promise.all(waits);
    expect(order).toEqual(['transactional', 'bulk']);
  });

  it('are left by bulk to the last one, where transactional work has gone within ten seconds', async () => {
    vi.useFakeTimers();
    try {
      const slots = new EndpointSlots(2, unknown);
      (await slots.take('a', 'transactional', never))!.release();
      await slots.take('a', 'bulk', never);
      await slots.take('b', 'bulk', never);
      expect([slots.hasPlace('a', 'bulk'), slots.hasPlace('a', 'transactional')]).toEqual([false, true]);
      expect(slots.hasPlace('b', 'bulk')).toBe(true);
      vi.advanceTimersByTime(10_000);
      expect(slots.hasPlace('a', 'bulk')).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are shared where there is a single one: bulk has it while nobody else wants it', async () => {
    const slots = new EndpointSlots(1, unknown);
    (await slots.take('a', 'transactional', never))!.release();
    expect(await slots.take('a', 'bulk', never)).toBeDefined();
  });

  it('remember no endpoint longer than that', async () => {
    vi.useFakeTimers();
    try {
      const slots = new EndpointSlots(2, unknown);
      for (const id of ['a', 'b', 'c']) (await slots.take(id, 'transactional', never))!.release();
      vi.advanceTimersByTime(10_000);
      (await slots.take('d', 'transactional', never))!.release();
      const { transactionalAt } = slots as unknown as { transactionalAt: Map<string, number> };
      expect([...transactionalAt.keys()]).toEqual(['d']);
    } finally {
      vi.useRealTimers();
    }
  });
});
