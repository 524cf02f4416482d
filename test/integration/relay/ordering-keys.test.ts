import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Next } from '../../../src/domain/decide-next.js';
import { failed, type Outcome, taken } from '../../../src/domain/outcome.js';
import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { OutboxStore, type Route } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { inTransaction } from '../../../src/platform/database/transaction.js';
import { BlockedHeads } from '../../../src/upkeep/blocked-heads.upkeep.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const WORKER = uuidv7();
const KEY = { orderingKey: 'acct-7' };
const ROUTE: Route = {
  channel: 'email',
  lane: 'transactional',
  provider: 'ses',
  takesUnpinned: true,
  weight: 1,
  isProbe: false,
  queue: 'ses.transactional',
  perEndpointConcurrency: 5,
};
const refused = failed('rejected', { class: 'permanent', code: '550', detail: '', scope: 'message' });
const unknown = failed('in_doubt', { class: 'in_doubt', code: 'cut', detail: '', scope: 'message' });
const later = failed('not_sent', { class: 'network', code: 'refused', detail: '', scope: 'provider' });
const SENT: Next = { status: 'sent', reason: '250' };

/** The lowest unsettled of a key goes; whatever settles it unblocks the next in the same commit. */
describe('ordering keys', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let outbox: OutboxStore;
  let notifications: NotificationsRepository;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    outbox = new OutboxStore(pool);
    notifications = new NotificationsRepository(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, ordered, sends');
  });

  const free = async () => {
    const { rows } = await pool.query<{ id: string }>(
      'SELECT notification_id AS id FROM outbox WHERE NOT is_blocked ORDER BY ordering_seq',
    );
    return rows.map(({ id }) => id);
  };
  const inOrder = async () => {
    const { rows } = await pool.query<{ id: string }>(
      'SELECT notification_id AS id FROM ordered ORDER BY seq',
    );
    return rows.map(({ id }) => id);
  };
  const publish = async () => {
    const groups = [false, true].map(
      (isRetry) => ({ channel: 'email', lane: 'transactional', pin: '', isRetry }) as const,
    );
    const hints = [];
    for (const group of groups) hints.push(...(await outbox.publishDue(group, ROUTE, 100)));
    return hints;
  };
  /** Publishes, claims and records whatever may go. Answers its ids. */
  const deliver = async (outcome: Outcome = taken('250', 'ok'), next: Next = SENT): Promise<string[]> => {
    const hints = await publish();
    await notifications.claim(
      hints.map(({ id, dispatch }) => ({ id, dispatch })),
      WORKER,
      'ses',
    );
    const { rows } = await pool.query<{ id: string; attempts: number }>(
      'SELECT id, attempts FROM notifications WHERE id = ANY ($1)',
      [hints.map(({ id }) => id)],
    );
    await notifications.record(
      hints.map(({ id, dispatch }) => ({
        id,
        dispatch,
        attempt: rows.find((row) => row.id === id)!.attempts,
        outcome,
        next,
        durationMs: 1,
        pinnedProvider: null,
        contentDigest: null,
      })),
    );
    return hints.map(({ id }) => id);
  };

  it('lets the first of a key go and blocks the others, whether they came together or later', async () => {
    await accept(pool, [KEY, KEY, {}, { orderingKey: 'acct-8' }]);
    await accept(pool, [KEY, KEY]);
    const order = await inOrder();
    expect(await free()).toHaveLength(3); // one of each key, and the one without
    expect((await free()).slice(0, 1)).toEqual([order[0]]);
    expect(await publish()).toHaveLength(3);
    expect(await publish()).toEqual([]);
  });

  it('sends those of a key one by one, in the order in which they were accepted', async () => {
    for (let i = 0; i < 5; i++) await accept(pool, [KEY, KEY]);
    const order = await inOrder();
    const sent: string[] = [];
    for (let i = 0; i < 10; i++) {
      const went = await deliver();
      expect(went).toHaveLength(1);
      sent.push(...went);
    }
    expect(sent).toEqual(order);
    expect(await inOrder()).toEqual([]);
  });

  it.each<[string, Outcome, Next, boolean]>([
    ['dead', refused, { status: 'dead', reason: '550', class: 'permanent' }, true],
    ['suppressed', refused, { status: 'suppressed', reason: '550' }, true],
    ['in doubt', unknown, { status: 'in_doubt', reason: 'cut' }, false],
    ['retrying', later, { status: 'retrying', reason: 'x', delayMs: 60_000, consumesTry: true }, false],
  ])('moves on or stays when the head is %s', async (_, outcome, next, isReleased) => {
    const [head, second] = await accept(pool, [KEY]).then(async (first) => [
      ...first,
      ...(await accept(pool, [KEY])),
    ]);
    expect(await deliver(outcome, next)).toEqual([head]);
    expect((await free()).includes(second!)).toBe(isReleased);
    expect((await publish()).map(({ id }) => id)).toEqual(isReleased ? [second] : []);
  });

  it('moves on when the head is cancelled, overdue, or settled by an operator', async () => {
    const [first] = await accept(pool, [KEY]);
    const [second] = await accept(pool, [KEY]);
    const [third] = await accept(pool, [KEY]);
    const [fourth] = await accept(pool, [KEY]);
    await notifications.cancel(first!);
    expect(await free()).toEqual([second]);
    await pool.query('UPDATE outbox SET overdue_at = now() WHERE notification_id = $1', [second]);
    expect(await notifications.settleOverdue(10)).toBe(1);
    expect(await free()).toEqual([third]);
    await deliver(unknown, { status: 'in_doubt', reason: 'cut' });
    expect(await free()).toEqual([]);
    await inTransaction(pool, (tx) => notifications.settleByWord(tx, third!, 'in_doubt', 'sent', 'seen'));
    expect(await free()).toEqual([fourth]);
  });

  it('lets the lower of two go first that were accepted at once and could not see each other', async () => {
    const other = await pool.connect();
    await other.query('BEGIN');
    const [lower] = await accept(other, [KEY]);
    const [higher] = await accept(pool, [KEY]);
    await other.query('COMMIT');
    other.release();
    expect(await inOrder()).toEqual([lower, higher]);
    expect(await deliver()).toEqual([lower]);
    expect(await deliver()).toEqual([higher]);
  });

  it('finds within a sweep what was accepted behind a head that left before the accept committed', async () => {
    await accept(pool, [KEY]);
    const other = await pool.connect();
    await other.query('BEGIN');
    const [late] = await accept(other, [KEY]);
    await deliver();
    await other.query('COMMIT');
    other.release();
    expect(await free()).toEqual([]);
    const sweep = new BlockedHeads(outbox);
    expect(await sweep.runOnce()).toEqual({ unblocked: 1 });
    expect(await free()).toEqual([late]);
    expect(await sweep.runOnce()).toEqual({ unblocked: 0 });
  });

  it('finds within a sweep what two neighbours left behind that were settled at the same moment', async () => {
    const [first] = await accept(pool, [KEY]);
    const [second] = await accept(pool, [KEY]);
    const [third] = await accept(pool, [KEY]);
    const other = await pool.connect();
    await other.query('BEGIN');
    // The cancel of the second holds its row while the first leaves: neither waits for the other, neither sees it go.
    await new NotificationsRepository(other as never).cancel(second!);
    await notifications.cancel(first!);
    await other.query('COMMIT');
    other.release();
    expect(await free()).toEqual([]);
    expect(await new BlockedHeads(outbox).runOnce()).toEqual({ unblocked: 1 });
    expect(await free()).toEqual([third]);
  });

  it('wakes the relays when it unblocks', async () => {
    const [first] = await accept(pool, [KEY]);
    await accept(pool, [KEY]);
    const listener = await pool.connect();
    const woken: string[] = [];
    listener.on('notification', ({ channel }) => woken.push(channel));
    await listener.query('LISTEN posthaste_outbox');
    await notifications.cancel(first!);
    await listener.query('SELECT 1');
    listener.release(true);
    expect(woken).toEqual(['posthaste_outbox']);
  });
});
