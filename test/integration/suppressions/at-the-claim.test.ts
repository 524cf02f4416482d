import { randomBytes } from 'node:crypto';

import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { insertAccepted, type NewNotification } from '../../../src/accept/sql/insert-accepted.js';
import type { Next } from '../../../src/domain/decide-next.js';
import { failed, type Outcome } from '../../../src/domain/outcome.js';
import {
  type AttemptRecord,
  NotificationsRepository,
  WORKER_LOST,
} from '../../../src/notifications/notifications.repository.js';
import { OutboxStore } from '../../../src/outbox/outbox.store.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';
import { Sealer } from '../../../src/platform/crypto/sealer.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { inTransaction } from '../../../src/platform/database/transaction.js';
import { addressHashOf } from '../../../src/suppressions/address-hash.js';
import type { Suppressed } from '../../../src/suppressions/draft.js';
import { Suppressions } from '../../../src/suppressions/suppressions.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const WORKER = uuidv7();
const DAY_MS = 86_400_000;
const hasher = new KeyedHasher(Buffer.alloc(32, 1));
const sealer = new Sealer(Buffer.alloc(32, 2));
const GROUP = { channel: 'email', lane: 'transactional', pin: '', isRetry: false } as const;
const ROUTE = { provider: 'ses', queue: 'ses.transactional' };
const bounce = failed('rejected', {
  class: 'suppress',
  code: 'smtp_550_5.1.1',
  detail: '',
  scope: 'message',
});
const lost = failed('in_doubt', { class: 'in_doubt', code: WORKER_LOST, detail: '', scope: 'message' });

/** The list inside the statements of the claim and of the outcome. */
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

describe('suppressions where notifications change', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let outbox: OutboxStore;
  let notifications: NotificationsRepository;
  let suppressions: Suppressions;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    outbox = new OutboxStore(pool);
    notifications = new NotificationsRepository(pool);
    suppressions = new Suppressions(hasher, sealer, pool);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(() =>
    pool.query(
      'TRUNCATE notifications, outbox, attempts, undelivered, ordered, suppressions, suppression_strikes',
    ),
  );

  const newRow = (address: string, more: Partial<NewNotification> = {}): NewNotification => ({
    id: uuidv7(),
    keyHash: randomBytes(16).toString('hex'),
    fingerprint: Buffer.alloc(9),
    type: 'welcome',
    recipient: address,
    businessId: 'b',
    recipientKey: '1',
    channel: 'email',
    lane: 'transactional',
    template: 'welcome',
    locale: null,
    orderingKey: null,
    onInDoubt: null,
    payload: Buffer.of(1),
    eventId: null,
    endpointId: null,
    apiKeyId: 'test',
    sendAt: null,
    expiresAt: null,
    expiresInMs: null,
    deadlineMs: 3_600_000,
    addressHash: addressHashOf(hasher, 'email', address),
    quietUntil: null,
    traceparent: null,
    ...more,
  });
  const accept = async (address: string, more: Partial<NewNotification> = {}): Promise<string> => {
    const row = newRow(address, more);
    await insertAccepted(pool, [row], false);
    return row.id;
  };
  const publish = async () =>
    (await outbox.publishDue(GROUP, ROUTE, 100)).map(({ id, dispatch }) => ({ id, dispatch }));
  const claim = async () => notifications.claim(await publish(), WORKER, 'ses');
  const says = (address: string, more: Partial<Suppressed> = {}): Suppressed => ({
    channel: 'email',
    address,
    reason: 'hard_bounce',
    source: 'test',
    ...more,
  });
  const rows = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;
  const record = (id: string, outcome: Outcome, next: Next, suppressed?: Suppressed): AttemptRecord => ({
    id,
    attempt: 1,
    dispatch: 1,
    outcome,
    next,
    durationMs: 5,
    contentDigest: null,
    pinnedProvider: null,
    suppression: suppressed && suppressions.draft({ ...suppressed, notificationId: id }),
  });
  const suppressed: Next = { status: 'suppressed', reason: 'smtp_550_5.1.1' };

  it('is asked when a published hint is claimed: nothing is begun, and the order goes on', async () => {
    const ids = [
      await accept('ada@example.com', { orderingKey: 'k' }),
      await accept('eve@example.com'),
      await accept('bob@example.com'),
    ];
    const hints = await publish();
    await suppressions.add(pool, [says('ada@example.com'), says('eve@example.com', { reason: 'complaint' })]);
    const claimed = await notifications.claim(hints, WORKER, 'ses');
    const statusOf = Object.fromEntries(claimed.map((one) => [one!.id, one!.status]));
    expect(ids.map((id) => statusOf[id])).toEqual(['suppressed', 'suppressed', 'sending']);
    expect(await rows('SELECT notification_id FROM attempts')).toEqual([{ notification_id: ids[2] }]);
    expect(await rows('SELECT FROM outbox')).toEqual([]);
    expect(await rows('SELECT FROM ordered')).toEqual([]);
    expect(
      await rows('SELECT status, class, code, provider FROM undelivered ORDER BY notification_id'),
    ).toEqual([
      { status: 'suppressed', class: 'suppress', code: 'suppression_hard_bounce', provider: 'ses' },
      { status: 'suppressed', class: 'suppress', code: 'suppression_complaint', provider: 'ses' },
    ]);
    expect(
      await rows('SELECT reason, attempts, tries, worker_id FROM notifications WHERE id = $1', [ids[0]]),
    ).toEqual([{ reason: 'suppression_hard_bounce', attempts: 0, tries: 0, worker_id: null }]);
  });

  it('lets go what has expired by then, and what was of another type', async () => {
    await accept('ada@example.com');
    await suppressions.add(pool, [
      says('ada@example.com', { expiresAt: new Date(Date.now() - 1_000) }),
      says('ada@example.com', { reason: 'unsubscribe', type: 'marketing.news' }),
    ]);
    expect(await claim()).toEqual([expect.objectContaining({ status: 'sending' })]);
  });

  it('asks the list by its index, once a row', async () => {
    await accept('ada@example.com');
    const [hint] = await publish();
    await pool.query(`INSERT INTO suppressions (id, channel, address_hash, reason, source)
      SELECT gen_random_uuid(), 'email', decode(md5(n::text), 'hex'), 'manual', 'test' FROM generate_series(1, 20000) n`);
    await pool.query('ANALYZE suppressions');
    const plan = await explained(() => notifications.claim([hint!], WORKER, 'ses'));
    const scans = nodesOn('suppressions', plan);
    expect(scans.map((node) => node['Index Name'])).toEqual(['suppressions_key']);
    expect(scans.map((node) => node['Actual Loops'])).toEqual([1]);
  });

  it('takes an address up in the commit that records its bounce, and once for two at a time', async () => {
    const ids = [await accept('ada@example.com'), await accept('ada@example.com')];
    await claim();
    const records = ids.map((id) => record(id, bounce, suppressed, says('ada@example.com')));
    expect(await notifications.record(records)).toEqual([true, true]);
    expect(await rows('SELECT reason, source FROM suppressions')).toEqual([
      { reason: 'hard_bounce', source: 'test' },
    ]);
    await accept('ada@example.com');
    expect(await rows('SELECT FROM outbox')).toEqual([]);
  });

  it('says nothing of an address when the attempt was closed by another', async () => {
    const id = await accept('ada@example.com');
    await claim();
    await notifications.record([record(id, lost, { status: 'in_doubt', reason: WORKER_LOST })]);
    expect(await notifications.record([record(id, bounce, suppressed, says('ada@example.com'))])).toEqual([
      false,
    ]);
    expect(await rows('SELECT FROM suppressions')).toEqual([]);
  });

  it('hears a late word about an address', async () => {
    const id = await accept('ada@example.com');
    await claim();
    await notifications.record([record(id, lost, { status: 'in_doubt', reason: WORKER_LOST })]);
    const late = { status: 'dead', reason: 'x', class: 'permanent' } as const;
    expect(await notifications.settleLate(record(id, bounce, late, says('ada@example.com')))).toBe(true);
    expect(await rows('SELECT reason FROM suppressions')).toEqual([{ reason: 'hard_bounce' }]);
  });

  it('counts notifications within the days, not retries', async () => {
    const after = { times: 3, withinDays: 7 };
    const [first, second, third] = [uuidv7(), uuidv7(), uuidv7()];
    const strike = (notificationId: string) =>
      suppressions.add(pool, [says('ada@example.com', { notificationId, after })]);
    await strike(first);
    await pool.query(`UPDATE suppression_strikes SET struck_at = now() - interval '8 days'`);
    expect([await strike(second), await strike(second), await strike(second)]).toEqual([0, 0, 0]);
    expect(await strike(third)).toBe(0); // the first is a week ago
    expect(await strike(uuidv7())).toBe(1);
  });

  it('takes a hundred crossed writers of the same addresses without a deadlock', async () => {
    const addresses = Array.from({ length: 20 }, (_, i) => `a${i}@example.com`);
    const writes = Array.from({ length: 100 }, (_, i) =>
      suppressions.add(
        pool,
        (i % 2 ? addresses : [...addresses].reverse()).map((one) => says(one)),
      ),
    );
    const added = await Promise.all(writes);
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(20);
  });

  it('renews what ends sooner, keeps what lasts longer, and forgets what has ended', async () => {
    expect(await suppressions.add(pool, [says('ada@example.com', { expiresAt: inDays(1) })])).toBe(1);
    expect(await suppressions.add(pool, [says('ada@example.com', { expiresAt: inDays(9) })])).toBe(1);
    expect(await suppressions.add(pool, [says('ada@example.com', { expiresAt: inDays(3) })])).toBe(0);
    expect(await suppressions.add(pool, [says('ada@example.com')])).toBe(1);
    expect(await suppressions.add(pool, [says('ada@example.com', { expiresAt: inDays(99) })])).toBe(0);
    await suppressions.add(pool, [says('eve@example.com', { expiresAt: inDays(-1) })]);
    await pool.query(`INSERT INTO suppression_strikes VALUES ('\\x00', $1, now() - interval '31 days')`, [
      uuidv7(),
    ]);
    expect(await suppressions.forget()).toEqual({ suppressions: 1, strikes: 1 });
    expect(await rows('SELECT expires_at FROM suppressions')).toEqual([{ expires_at: null }]);
  });

  it('takes a STOP back at a START, and nothing else', async () => {
    await suppressions.add(pool, [
      says('ada@example.com', { reason: 'stop' }),
      says('ada@example.com', { reason: 'complaint' }),
    ]);
    const removed = await inTransaction(pool, (tx) =>
      suppressions.remove(tx, 'email', 'ada@example.com', ['stop'], inDays(1)),
    );
    expect(removed).toBe(1);
    expect(await rows('SELECT reason FROM suppressions')).toEqual([{ reason: 'complaint' }]);
  });

  it('is not taken back by a START that was said before the STOP and comes after it', async () => {
    const back = (days: number) =>
      inTransaction(pool, (tx) =>
        suppressions.remove(tx, 'email', 'ada@example.com', ['stop'], inDays(days)),
      );
    await suppressions.add(pool, [says('ada@example.com', { reason: 'stop', saidAt: inDays(-1) })]);
    expect(await back(-2)).toBe(0);
    expect(await back(-0.5)).toBe(1);
  });

  it('moves the deadline with the quiet hours that a retry waits for', async () => {
    const id = await accept('ada@example.com');
    const [claimed] = await claim();
    const quiet = failed('not_sent', { class: 'quiet', code: 'quiet_hours', detail: '', scope: 'message' });
    await notifications.record([
      record(id, quiet, {
        status: 'retrying',
        reason: 'quiet_hours',
        delayMs: 9 * 3_600_000,
        consumesTry: false,
        quietMs: 9 * 3_600_000,
      }),
    ]);
    const [row] = await rows(
      `SELECT n.deadline_at, n.tries, o.overdue_at, o.reason FROM notifications n JOIN outbox o ON o.notification_id = n.id`,
    );
    const deadline = new Date(claimed!.deadlineAt.getTime() + 9 * 3_600_000);
    expect(row).toEqual({ deadline_at: deadline, overdue_at: deadline, tries: 0, reason: 'quiet_hours' });
  });

  /** Runs it with auto_explain's eyes: the plan of its last statement, as PostgreSQL ran it. */
  async function explained(run: () => Promise<unknown>): Promise<PlanNode> {
    const real = pool.query.bind(pool);
    let plan: PlanNode | undefined;
    pool.query = (async ({ text, values }: { text: string; values: unknown[] }) => {
      const answer = await real(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
      plan = (answer.rows[0] as Record<'QUERY PLAN', { Plan: PlanNode }[]>)['QUERY PLAN'][0]!.Plan;
      return { rows: [] };
    }) as unknown as typeof pool.query;
    try {
      await run();
    } finally {
      pool.query = real;
    }
    return plan!;
  }
});

interface PlanNode {
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Loops'?: number;
  Plans?: PlanNode[];
}

const nodesOn = (table: string, node: PlanNode): PlanNode[] => [
  ...(node['Relation Name'] === table ? [node] : []),
  ...(node.Plans ?? []).flatMap((child) => nodesOn(table, child)),
];
