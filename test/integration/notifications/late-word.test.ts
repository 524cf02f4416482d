import { randomBytes } from 'node:crypto';

import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { insertAccepted } from '../../../src/accept/sql/insert-accepted.js';
import type { Next } from '../../../src/domain/decide-next.js';
import { failed, type Outcome, taken } from '../../../src/domain/outcome.js';
import {
  type AttemptRecord,
  NotificationsRepository,
  WORKER_LOST,
} from '../../../src/notifications/notifications.repository.js';
import { OutboxStore, type Route } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const WORKER = uuidv7();
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
const lost = failed('in_doubt', { class: 'in_doubt', code: WORKER_LOST, detail: '', scope: 'message' });
const notSent = failed('not_sent', { class: 'lease', code: 'lease_lost', detail: '', scope: 'message' });
const again = (consumesTry: boolean): Next => ({
  status: 'retrying',
  reason: 'later',
  delayMs: 0,
  consumesTry,
});

/** One notification through publication, claim and record, statement by statement. */
describe('claims and late words', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let outbox: OutboxStore;
  let notifications: NotificationsRepository;
  let id: string;

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
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, ordered');
    id = await accept();
  });

  const accept = async (orderingKey: string | null = null): Promise<string> => {
    const fresh = uuidv7();
    await insertAccepted(
      pool,
      [
        {
          id: fresh,
          keyHash: randomBytes(16).toString('hex'),
          fingerprint: Buffer.alloc(9),
          type: 'welcome',
          recipient: 'ada@example.com',
          businessId: fresh,
          recipientKey: '1',
          channel: 'email',
          lane: 'transactional',
          template: 'welcome',
          locale: null,
          orderingKey,
          onInDoubt: null,
          payload: Buffer.of(1),
          eventId: null,
          endpointId: null,
          apiKeyId: 'test',
          sendAt: null,
          expiresAt: null,
          expiresInMs: null,
          deadlineMs: 3_600_000,
          addressHash: null,
          quietUntil: null,
          traceparent: null,
        },
      ],
      false,
    );
    return fresh;
  };
  const publish = async () => {
    const hints: { id: string; dispatch: number }[] = [];
    for (const pin of ['', 'ses'])
      for (const isRetry of [false, true])
        hints.push(
          ...(await outbox.publishDue({ channel: 'email', lane: 'transactional', pin, isRetry }, ROUTE, 10)),
        );
    return hints.map(({ id: one, dispatch }) => ({ id: one, dispatch }));
  };
  const claim = (hints: { id: string; dispatch: number }[]) => notifications.claim(hints, WORKER, 'ses');
  const record = (outcome: Outcome, next: Next, attempt = 1, dispatch = 1): AttemptRecord => ({
    id,
    attempt,
    dispatch,
    outcome,
    next,
    durationMs: 5,
    pinnedProvider: outcome.kind === 'in_doubt' ? 'ses' : null,
    contentDigest: null,
  });
  const row = async () =>
    (await pool.query('SELECT status, tries, attempts, worker_id FROM notifications WHERE id = $1', [id]))
      .rows[0];
  const owed = async () =>
    (await pool.query('SELECT provider, dispatch, published_at FROM outbox WHERE notification_id = $1', [id]))
      .rows;
  const undelivered = async () =>
    (await pool.query('SELECT status, class FROM undelivered WHERE notification_id = $1', [id])).rows;
  const begin = async () => {
    await claim(await publish());
  };

  it('gives no right to send to a worker of another queue, whatever the queue handed it', async () => {
    const hints = await publish();
    expect(await notifications.claim(hints, WORKER, 'twilio')).toEqual([undefined]);
    expect(await owed()).toHaveLength(1);
    expect(await claim(hints)).toMatchObject([{ id }]);
  });

  it('gives one right to send to one of two equal hints, and the newer of two numbers its worth', async () => {
    const [hint] = await publish();
    const twice = await claim([hint!, { ...hint! }]);
    expect(twice.filter((claimed) => claimed !== undefined)).toHaveLength(1);

    const other = await accept();
    const [old] = await publish();
    expect(old!.id).toBe(other);
    await outbox.takeBack('ses', [old!], 0);
    const [fresh] = await publish();
    const both = await claim([old!, fresh!]);
    expect(both.map((claimed) => claimed?.dispatch)).toEqual([undefined, 2]);
  });

  it('keeps a row’s place in the line when its hint is handed back', async () => {
    const before = (await pool.query('SELECT available_at FROM outbox')).rows;
    await outbox.takeBack('ses', await publish(), 0);
    expect((await pool.query('SELECT available_at FROM outbox')).rows).toEqual(before);
  });

  it('goes again as a first send while no try was consumed, and as a retry after one', async () => {
    const kind = async () => (await pool.query('SELECT kind, is_retry FROM outbox')).rows;
    await begin();
    await notifications.record([record(notSent, again(false))]);
    expect(await kind()).toEqual([{ kind: 'first', is_retry: false }]);
    await begin();
    await notifications.record([record(notSent, again(true), 2, 2)]);
    expect(await kind()).toEqual([{ kind: 'retry', is_retry: true }]);
    await begin();
    await notifications.record([record(notSent, again(false), 3, 3)]);
    expect(await kind()).toEqual([{ kind: 'retry', is_retry: true }]);
  });

  it('ends a doubt by a retry when the late word is that nothing was sent', async () => {
    await begin();
    await notifications.record([record(lost, { status: 'in_doubt', reason: WORKER_LOST })]);
    expect(await undelivered()).toMatchObject([{ status: 'in_doubt' }]);
    expect(await notifications.settleLate(record(notSent, again(false)))).toBe(true);
    expect(await row()).toMatchObject({ status: 'retrying', tries: 0, attempts: 1 });
    expect(await owed()).toMatchObject([{ dispatch: 1, published_at: null }]);
    expect(await undelivered()).toEqual([]);
  });

  it.each(['waiting', 'published', 'published and handed back'])(
    'settles by a late “taken” while the retry of it is %s, and nobody sends it again',
    async (state) => {
      await begin();
      await notifications.record([record(lost, again(true))]);
      const hints = state === 'waiting' ? [] : await publish();
      if (state === 'published and handed back') await outbox.takeBack('ses', hints, 0);
      expect(
        await notifications.settleLate(record(taken('250', 'ok'), { status: 'sent', reason: '250' })),
      ).toBe(true);
      expect(await row()).toMatchObject({ status: 'sent' });
      expect(await owed()).toEqual([]);
      expect((await claim(hints)).filter((claimed) => claimed !== undefined)).toEqual([]);
    },
  );

  it('leaves the hint of the retry it took away stale for ever, also when it is sent again later', async () => {
    await begin();
    await notifications.record([record(lost, again(true))]);
    const old = await publish();
    await notifications.settleLate(record(taken('250', 'ok'), { status: 'sent', reason: '250' }));
    const client = await pool.connect();
    await notifications.sendAgain(
      client,
      [{ id, deadlineMs: 60_000, pinnedProvider: null }],
      ['sent'],
      'redrive',
    );
    client.release();
    await publish();
    expect(await claim(old)).toEqual([undefined]);
  });

  it('completes its attempt and changes nothing else once the retry has begun', async () => {
    await begin();
    await notifications.record([record(lost, again(true))]);
    await begin();
    expect(
      await notifications.settleLate(record(taken('250', 'ok'), { status: 'sent', reason: '250' })),
    ).toBe(false);
    expect(await row()).toMatchObject({ status: 'sending', attempts: 2 });
    const { rows } = await pool.query(
      'SELECT outcome FROM attempts WHERE notification_id = $1 ORDER BY number',
      [id],
    );
    expect(rows).toEqual([{ outcome: 'taken' }, { outcome: null }]);
  });

  it('stays with the provider that may have it, also after a plain failure there', async () => {
    await begin();
    await notifications.record([
      record(
        failed('in_doubt', { class: 'in_doubt', code: 'dropped', detail: '', scope: 'provider' }),
        again(true),
      ),
    ]);
    await begin();
    const refused = failed('not_sent', {
      class: 'network',
      code: 'connect_refused',
      detail: '',
      scope: 'provider',
    });
    await notifications.record([record(refused, again(true), 2, 2)]);
    expect(await owed()).toMatchObject([{ provider: 'ses' }]);
  });

  it('stays with it also when the later word comes late', async () => {
    await begin();
    await notifications.record([
      record(
        failed('in_doubt', { class: 'in_doubt', code: 'dropped', detail: '', scope: 'provider' }),
        again(true),
      ),
    ]);
    await begin();
    await notifications.record([record(lost, { status: 'in_doubt', reason: WORKER_LOST }, 2, 2)]);
    expect(await notifications.settleLate(record(notSent, again(false), 2, 2))).toBe(true);
    expect(await owed()).toMatchObject([{ provider: 'ses' }]);
  });

  it('files a death by deadline as one, whatever the last error was', async () => {
    await begin();
    const deferred = failed('deferred', { class: 'slow', code: 'smtp_451', detail: '', scope: 'message' });
    await notifications.record([record(deferred, { status: 'dead', reason: 'smtp_451', class: 'deadline' })]);
    expect(await undelivered()).toEqual([{ status: 'dead', class: 'deadline' }]);
  });

  it('records an outcome once, however often it is said', async () => {
    await begin();
    const sent = record(taken('250', 'ok'), { status: 'sent', reason: '250' });
    expect(await notifications.record([sent])).toEqual([true]);
    expect(await notifications.record([sent])).toEqual([false]);
    expect(await notifications.settleLate(sent)).toBe(false);
    expect(await row()).toMatchObject({ status: 'sent', worker_id: null });
  });
});
