import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Next } from '../../../src/domain/decide-next.js';
import { TOLD_STATUSES } from '../../../src/domain/event-type.js';
import { failed, type Outcome, taken } from '../../../src/domain/outcome.js';
import { isUndelivered, type Status } from '../../../src/domain/status.js';
import { DoubtsRepository } from '../../../src/notifications/doubts.repository.js';
import {
  type AttemptRecord,
  NotificationsRepository,
  WORKER_LOST,
} from '../../../src/notifications/notifications.repository.js';
import { OutboxStore } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { inTransaction } from '../../../src/platform/database/transaction.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const WORKER = uuidv7();
const QUEUE = { provider: 'ses', queue: 'ses.transactional' };
const again: Next = { status: 'retrying', reason: 'later', delayMs: 0, consumesTry: true };
const inDoubt: Next = { status: 'in_doubt', reason: WORKER_LOST };
const lost = failed('in_doubt', { class: 'in_doubt', code: WORKER_LOST, detail: '', scope: 'message' });
const refused = failed('rejected', { class: 'permanent', code: 'smtp_550', detail: '', scope: 'message' });
const suppress = failed('rejected', { class: 'suppress', code: 'smtp_550', detail: '', scope: 'message' });
const ok = taken('250', 'ok', { providerMessageId: 'm-1' });

/** The one promise of every statement that settles: whatever hung on what waited is gone or moved on, in the same commit. */
describe('whoever settles a notification', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let outbox: OutboxStore;
  let notifications: NotificationsRepository;
  let doubts: DoubtsRepository;
  let id: string;
  let follower: string;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    outbox = new OutboxStore(pool);
    notifications = new NotificationsRepository(pool);
    doubts = new DoubtsRepository(pool);
    await pool.query(
      `INSERT INTO endpoints (id, url, types, secret) VALUES ($1, 'https://a.example/', '{posthaste.*}', '\\x00')`,
      [uuidv7()],
    );
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query(
      'TRUNCATE notifications, outbox, attempts, undelivered, ordered, own_events, provider_messages',
    );
    [id] = (await accept(pool, [{ orderingKey: 'ada' }])) as [string];
    [follower] = (await accept(pool, [{ orderingKey: 'ada' }])) as [string];
  });

  const publish = async () => {
    for (const pin of ['', 'ses'])
      for (const isRetry of [false, true]) {
        const group = { channel: 'email', lane: 'transactional', pin, isRetry } as const;
        const [hint] = await outbox.publishDue(group, QUEUE, 10);
        if (hint) return [{ id: hint.id, dispatch: hint.dispatch }];
      }
    return [];
  };
  const begin = async () => notifications.claim(await publish(), WORKER, 'ses');
  const record = (outcome: Outcome, next: Next): AttemptRecord => ({
    id,
    attempt: 1,
    dispatch: 1,
    outcome,
    next,
    durationMs: 5,
    pinnedProvider: outcome.kind === 'in_doubt' ? 'ses' : null,
    awaitsReceipt: true,
  });
  const after = async (outcome: Outcome, next: Next): Promise<void> => {
    await begin();
    await notifications.record([record(outcome, next)]);
  };
  const word = (to: 'sent' | 'dead') =>
    inTransaction(pool, (tx) => notifications.settleByWord(tx, id, 'in_doubt', to, 'an operator'));
  const receipt = (kind: 'sent' | 'delivered' | 'bounced') =>
    inTransaction(pool, (tx) =>
      notifications.settleByReceipts(tx, [
        { id, provider: 'ses', kind, class: null, code: kind, providerMessageId: 'm-1' },
      ]),
    );
  const runOut = (column: 'expires_at' | 'deadline_at') =>
    pool.query(
      `WITH late AS (UPDATE notifications SET ${column} = now() - interval '1 s' WHERE id = $1)
       UPDATE outbox SET overdue_at = now() - interval '1 s' WHERE notification_id = $1`,
      [id],
    );
  const found = (status: 'sent' | 'delivered' | 'bounced') =>
    doubts.settleFound({
      id,
      dispatch: 1,
      attempt: 1,
      provider: 'ses',
      providerMessageId: 'm-1',
      contentDigest: 'ab'.repeat(31),
      status,
      code: 'found',
      class: null,
    });

  const WAYS: [how: string, end: Status, settle: () => Promise<unknown>][] = [
    ['an outcome', 'sent', () => after(ok, { status: 'sent', reason: '250' })],
    ['an outcome', 'dead', () => after(refused, { status: 'dead', reason: 'x', class: 'permanent' })],
    ['an outcome', 'suppressed', () => after(suppress, { status: 'suppressed', reason: 'x' })],
    ['an outcome', 'expired', () => after(refused, { status: 'expired', reason: 'x' })],
    [
      'a claim that comes too late',
      'expired',
      () =>
        publish().then(async (hints) => {
          await runOut('expires_at');
          await notifications.claim(hints, WORKER, 'ses');
        }),
    ],
    [
      'a claim that comes too late',
      'dead',
      () =>
        publish().then(async (hints) => {
          await runOut('deadline_at');
          await notifications.claim(hints, WORKER, 'ses');
        }),
    ],
    ['upkeep', 'expired', () => runOut('expires_at').then(() => notifications.settleOverdue(10))],
    ['upkeep', 'dead', () => runOut('deadline_at').then(() => notifications.settleOverdue(10))],
    ['a cancel', 'cancelled', () => notifications.cancel(id)],
    ['a cancel of its retry', 'cancelled', () => after(refused, again).then(() => notifications.cancel(id))],
    [
      'a late word on a doubt',
      'sent',
      () =>
        after(lost, inDoubt).then(() =>
          notifications.settleLate(record(ok, { status: 'sent', reason: '250' })),
        ),
    ],
    [
      'a late word on a doubt',
      'dead',
      () =>
        after(lost, inDoubt).then(() =>
          notifications.settleLate(record(refused, { status: 'dead', reason: 'x', class: 'permanent' })),
        ),
    ],
    [
      'a late word on its retry',
      'sent',
      () =>
        after(lost, again).then(() =>
          notifications.settleLate(record(ok, { status: 'sent', reason: '250' })),
        ),
    ],
    [
      'a late word on its retry',
      'suppressed',
      () =>
        after(lost, again).then(() =>
          notifications.settleLate(record(suppress, { status: 'suppressed', reason: 'x' })),
        ),
    ],
    ['an operator', 'sent', () => after(lost, inDoubt).then(() => word('sent'))],
    ['an operator', 'dead', () => after(lost, inDoubt).then(() => word('dead'))],
    ['a receipt on a doubt', 'delivered', () => after(lost, inDoubt).then(() => receipt('delivered'))],
    ['a receipt on a doubt', 'bounced', () => after(lost, inDoubt).then(() => receipt('bounced'))],
    ['a receipt on its retry', 'sent', () => after(lost, again).then(() => receipt('sent'))],
    ['a receipt on its retry', 'bounced', () => after(lost, again).then(() => receipt('bounced'))],
    ['what the provider has', 'delivered', () => after(lost, inDoubt).then(() => found('delivered'))],
    ['what the provider has', 'bounced', () => after(lost, inDoubt).then(() => found('bounced'))],
    [
      'what the provider has not',
      'expired',
      () =>
        after(lost, inDoubt).then(() =>
          doubts.settleUnfound({ id, dispatch: 1, attempt: 1, then: 'expired', provider: 'ses' }),
        ),
    ],
  ];

  it.each(WAYS)('%s: %s, with all that hung on it', async (_, end, settle) => {
    await settle();
    const one = async (text: string) => (await pool.query(text, [id])).rows;
    expect(await one('SELECT status, worker_id FROM notifications WHERE id = $1')).toEqual([
      { status: end, worker_id: null },
    ]);
    expect(await one('SELECT FROM outbox WHERE notification_id = $1')).toEqual([]);
    expect(await one('SELECT FROM ordered WHERE notification_id = $1')).toEqual([]);
    expect(await one('SELECT FROM attempts WHERE notification_id = $1 AND outcome IS NULL')).toEqual([]);
    expect(await one('SELECT status, ask_at FROM undelivered WHERE notification_id = $1')).toEqual(
      isUndelivered(end) ? [{ status: end, ask_at: null }] : [],
    );
    const told = (TOLD_STATUSES as readonly Status[]).includes(end)
      ? [{ type: `posthaste.notification.${end}` }]
      : [];
    expect(
      await one(`SELECT type FROM own_events WHERE notification_id = $1 AND type NOT LIKE '%in_doubt'`),
    ).toEqual(told);
    const { rows } = await pool.query('SELECT is_blocked FROM outbox WHERE notification_id = $1', [follower]);
    expect(rows).toEqual([{ is_blocked: false }]);
    expect((await publish()).map((hint) => hint.id)).toEqual([follower]);
  });
});
