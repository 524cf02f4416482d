import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { GatesStore } from '../../../src/gates/gates.store.js';
import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { OutboxStore } from '../../../src/outbox/outbox.store.js';
import { UNPARK } from '../../../src/outbox/sql/unpark.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { ParkedTypes } from '../../../src/upkeep/parked-types.upkeep.js';
import { BlockedHeads } from '../../../src/upkeep/blocked-heads.upkeep.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { rowsRead } from '../../support/rows-read.js';

const GROUP = { channel: 'email', lane: 'transactional', pin: '', isRetry: false } as const;
const QUEUE = { provider: 'ses', queue: 'ses.transactional' };
const CODE = { type: 'otp.code' };

/** What waits for a type that is paused is out of the way of everything else, and nothing of it is lost. */
describe('a paused type', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let outbox: OutboxStore;
  let gates: GatesStore;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    outbox = new OutboxStore(pool);
    gates = new GatesStore(pool);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, ordered, sends, gates');
  });

  const upkeep = () => new ParkedTypes(outbox, gates);
  const firstsCounted = async () =>
    (await pool.query<{ firsts: number }>('SELECT coalesce(sum(firsts), 0)::integer AS firsts FROM sends'))
      .rows[0]!.firsts;

  it('lets what stands behind it go, and comes back whole', async () => {
    const paused = await accept(
      pool,
      Array.from({ length: 30 }, () => CODE),
    );
    const [other] = await accept(pool, [{}]);
    await gates.hold('type', 'otp.code', 'pause', undefined, 'wrong texts');
    expect(await outbox.parkDue(GROUP, ['otp.code'], [])).toBe(30);
    expect(await outbox.parkDue(GROUP, ['otp.code'], [])).toBe(0);
    expect((await outbox.publishDue(GROUP, QUEUE, 100)).map(({ id }) => id)).toEqual([other]);
    expect(await upkeep().runOnce()).toEqual({ unparked: 0 });
    await gates.release('type', 'otp.code', 'pause');
    expect(await upkeep().runOnce()).toEqual({ unparked: 30 });
    expect((await outbox.publishDue(GROUP, QUEUE, 100)).map(({ id }) => id).sort()).toEqual(
      [...paused].sort(),
    );
  });

  it('is not claimed when it was published before: its hint is stale, and nothing is counted', async () => {
    await accept(pool, [CODE, {}]);
    const hints = (await outbox.publishDue(GROUP, QUEUE, 100)).map(({ id, dispatch }) => ({ id, dispatch }));
    expect(await firstsCounted()).toBe(2);
    expect(await outbox.parkHints('ses', hints, ['otp.code'])).toBe(1);
    const notifications = new NotificationsRepository(pool);
    const claimed = await notifications.claim(hints, uuidv7(), 'ses');
    expect(claimed.map((one) => one?.type).filter(Boolean)).toEqual(['welcome']);
    expect(await firstsCounted()).toBe(1);
    expect(await outbox.parkHints('ses', hints, ['otp.code'])).toBe(0);
    expect(await outbox.unpark([], 100)).toBe(1);
    const [again] = await outbox.publishDue(GROUP, QUEUE, 100);
    expect(again!.dispatch).toBe(2);
  });

  it('keeps its place in an ordering key, and the sweep of blocked ones leaves it alone', async () => {
    const inKey = { orderingKey: 'acct-7' };
    const [head] = await accept(pool, [{ ...CODE, ...inKey }]);
    const [next, last] = await accept(pool, [inKey, inKey]);
    expect(await outbox.parkDue(GROUP, ['otp.code'], [])).toBe(1);
    const notifications = new NotificationsRepository(pool);
    const { rows } = await pool.query<{ id: string }>(
      'SELECT notification_id AS id FROM ordered ORDER BY seq DESC LIMIT 1',
    );
    await notifications.cancel(rows[0]!.id); // whatever settles one of a key looks at its head
    expect(await new BlockedHeads(outbox).runOnce()).toEqual({ unblocked: 0 });
    expect(await outbox.publishDue(GROUP, QUEUE, 100)).toEqual([]);
    await notifications.cancel(head!);
    const [after] = await outbox.publishDue(GROUP, QUEUE, 100);
    expect([next, last].filter((id) => id !== rows[0]!.id)).toEqual([after!.id]);
  });

  it('is cancelled, and runs out, as what waits elsewhere does', async () => {
    const [one] = await accept(pool, [CODE, { ...CODE, deadlineMs: -1 }]);
    expect(await outbox.parkDue(GROUP, ['otp.code'], [])).toBe(2);
    const notifications = new NotificationsRepository(pool);
    expect(await notifications.cancel(one!)).toBe(true);
    expect(await notifications.settleOverdue(100)).toBe(1);
    expect((await pool.query('SELECT FROM outbox')).rowCount).toBe(0);
  });

  it('of webhooks is parked endpoint by endpoint', async () => {
    const [a, b] = [uuidv7(), uuidv7()];
    const hook = { channel: 'webhook' as const, type: 'order.shipped' };
    await accept(pool, [
      { ...hook, endpointId: a },
      { ...hook, endpointId: b },
      { ...hook, endpointId: a, type: 'order.paid' },
    ]);
    const group = { ...GROUP, channel: 'webhook' as const };
    expect(await outbox.parkDue(group, ['order.shipped'], [a])).toBe(1);
    expect(await outbox.parkDue(group, ['order.shipped'], [a, b])).toBe(1);
    const rooms = [a, b].map((endpointId) => ({ endpointId, room: 5 }));
    expect(await outbox.publishDueOfEndpoints(group, QUEUE, rooms)).toHaveLength(1);
  });

  it('waits without being read again and again', async () => {
    await pool.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, is_blocked, parked_for)
       SELECT gen_random_uuid(), 'email', 'bulk', 'first', now(), now() + interval '1 day', true, 'campaign'
         FROM generate_series(1, 50000)`,
    );
    await pool.query('ANALYZE outbox');
    const read = await rowsRead(pool, UNPARK, [['campaign'], 2_000]);
    expect(read.indexes).toContain('outbox_parked');
    expect(read.rows).toBeLessThan(100);
    expect(await outbox.unpark([], 2_000)).toBe(2_000);
  });
});
