import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Next } from '../../../src/domain/decide-next.js';
import { failed, taken } from '../../../src/domain/outcome.js';
import { DoubtsRepository } from '../../../src/notifications/doubts.repository.js';
import {
  type AttemptRecord,
  NotificationsRepository,
  WORKER_LOST,
} from '../../../src/notifications/notifications.repository.js';
import { OutboxStore, type Published } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { inTransaction } from '../../../src/platform/database/transaction.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const WORKER = uuidv7();
const ADDRESS = 'a1'.repeat(16);
const again: Next = { status: 'retrying', reason: 'later', delayMs: 0, consumesTry: true };
const lost = failed('in_doubt', { class: 'in_doubt', code: WORKER_LOST, detail: '', scope: 'message' });
const refused = failed('deferred', { class: 'retry', code: 'smtp_451', detail: '', scope: 'message' });

/** What may have arrived is never filed as if it had not, whoever ends its waiting. */
describe('a retry that waits after a doubt', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let outbox: OutboxStore;
  let notifications: NotificationsRepository;
  let doubts: DoubtsRepository;
  let id: string;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    outbox = new OutboxStore(pool);
    notifications = new NotificationsRepository(pool);
    doubts = new DoubtsRepository(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, ordered, suppressions');
    [id] = (await accept(pool, [{ orderingKey: 'ada', addressHash: ADDRESS }])) as [string];
  });

  const publish = async (): Promise<Published[]> => {
    const hints: Published[] = [];
    for (const pin of ['', 'ses'])
      for (const isRetry of [false, true]) {
        const group = { channel: 'email', lane: 'transactional', pin, isRetry } as const;
        hints.push(...(await outbox.publishDue(group, { provider: 'ses', queue: 'ses.transactional' }, 10)));
      }
    return hints;
  };
  const claim = (hints: readonly Published[]) =>
    notifications.claim(
      hints.map((hint) => ({ id: hint.id, dispatch: hint.dispatch })),
      WORKER,
      'ses',
    );
  const record = (more: Partial<AttemptRecord> = {}): AttemptRecord => ({
    id,
    attempt: 1,
    dispatch: 1,
    outcome: lost,
    next: again,
    durationMs: 5,
    pinnedProvider: 'ses',
    ...more,
  });
  const doubtful = async (): Promise<void> => {
    await claim(await publish());
    await notifications.record([record()]);
  };
  const runOut = (column: 'expires_at' | 'deadline_at') =>
    pool.query(
      `WITH late AS (UPDATE notifications SET ${column} = now() - interval '1 s' WHERE id = $1)
       UPDATE outbox SET overdue_at = now() - interval '1 s' WHERE notification_id = $1`,
      [id],
    );
  const story = async () =>
    (
      await pool.query(
        `SELECT n.status, n.reason, n.worker_id, n.attempts, u.status AS undelivered, u.class, u.code, u.ask_at <= now() AS "isAsked"
           FROM notifications n LEFT JOIN undelivered u ON u.notification_id = n.id WHERE n.id = $1`,
        [id],
      )
    ).rows[0];
  const countOf = async (table: string) => (await pool.query(`SELECT FROM ${table}`)).rowCount;
  const receipt = () =>
    inTransaction(pool, (tx) =>
      notifications.settleByReceipts(tx, [
        { id, provider: 'ses', kind: 'delivered', class: null, code: 'delivered', providerMessageId: 'm-1' },
      ]),
    );
  const suppress = () =>
    pool.query(
      `INSERT INTO suppressions (id, address_hash, address, channel, reason, source)
       VALUES ($1, decode($2, 'hex'), '\\x00', 'email', 'manual', 'a test')`,
      [uuidv7(), ADDRESS],
    );

  const WAYS: [who: string, reason: string, end: () => Promise<unknown>][] = [
    [
      'upkeep at its deadline',
      'deadline',
      () => runOut('deadline_at').then(() => notifications.settleOverdue(10)),
    ],
    [
      'upkeep at its expiry',
      'expired',
      () => runOut('expires_at').then(() => notifications.settleOverdue(10)),
    ],
    [
      'a claim after its deadline',
      'deadline',
      () => publish().then((hints) => runOut('deadline_at').then(() => claim(hints))),
    ],
    [
      'a claim after its expiry',
      'expired',
      () => publish().then((hints) => runOut('expires_at').then(() => claim(hints))),
    ],
    [
      'a claim of a suppressed address',
      'suppression_manual',
      () => publish().then((hints) => suppress().then(() => claim(hints))),
    ],
  ];

  it.each(WAYS)('is parked in doubt by %s, and asked about', async (_who, reason, end) => {
    await doubtful();
    await end();
    expect(await story()).toMatchObject({
      status: 'in_doubt',
      reason,
      worker_id: null,
      attempts: 1,
      undelivered: 'in_doubt',
      isAsked: true,
    });
    expect(await countOf('outbox')).toBe(0);
    expect(await countOf('ordered')).toBe(1); // in doubt holds its place
    expect(await doubts.toAsk(10)).toMatchObject([{ id, attempt: 1, provider: 'ses' }]);
  });

  it.each(WAYS)('is settled by a later receipt after %s', async (_who, _reason, end) => {
    await doubtful();
    await end();
    expect(await receipt()).toEqual(new Map([[id, 'moved']]));
    expect(await story()).toMatchObject({ status: 'delivered', undelivered: null });
    expect(await countOf('ordered')).toBe(0);
  });

  it.each(WAYS)('is settled by a late word after %s', async (_who, _reason, end) => {
    await doubtful();
    await publish().then((hints) => outbox.takeBack('ses', hints, 0)); // its number is not that of the attempt any more
    await end();
    const word = record({ outcome: taken('250', 'ok'), next: { status: 'sent', reason: '250' } });
    expect(await notifications.settleLate(word)).toBe(true);
    expect(await story()).toMatchObject({ status: 'sent', undelivered: null });
  });

  it('leaves its hints stale for ever when a late word makes a retry of it', async () => {
    await doubtful();
    const old = await publish();
    await runOut('deadline_at');
    await notifications.settleOverdue(10);
    await pool.query(`UPDATE notifications SET deadline_at = now() + interval '1 hour'`);
    await notifications.settleLate(record({ outcome: refused, next: again }));
    await publish();
    expect(await claim(old)).toEqual([undefined]);
  });

  it('stays in doubt with a provider that cannot be asked, and nobody is said to have been asked', async () => {
    await doubtful();
    await runOut('deadline_at');
    await notifications.settleOverdue(10);
    const [doubt] = await doubts.toAsk(10);
    expect(await doubts.putOff({ ...doubt!, answer: undefined })).toBe(true);
    expect(await doubts.toAsk(10)).toEqual([]);
    expect((await pool.query('SELECT asked_at, answer FROM attempts')).rows).toEqual([
      { asked_at: null, answer: null },
    ]);
    expect(await story()).toMatchObject({ status: 'in_doubt' });
  });

  it('cannot be cancelled', async () => {
    await doubtful();
    expect(await notifications.cancel(id)).toBe(false);
    expect(await story()).toMatchObject({ status: 'retrying' });
    expect(await countOf('outbox')).toBe(1);
  });

  it('counts an earlier doubt, too: a plain failure after it makes nothing sure', async () => {
    await doubtful();
    await claim(await publish());
    await notifications.record([record({ attempt: 2, dispatch: 2, outcome: refused })]);
    await runOut('deadline_at');
    await notifications.settleOverdue(10);
    expect(await story()).toMatchObject({ status: 'in_doubt', class: 'deadline', code: 'too_late' });
  });

  it('ends as before where no attempt is in doubt', async () => {
    await claim(await publish());
    await notifications.record([record({ outcome: refused, pinnedProvider: null })]);
    await runOut('deadline_at');
    await notifications.settleOverdue(10);
    expect(await story()).toMatchObject({ status: 'dead', undelivered: 'dead', isAsked: null });
  });
});
