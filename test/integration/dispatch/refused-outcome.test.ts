import { randomBytes } from 'node:crypto';

import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { BulkShare } from '../../../src/dispatch/bulk-share.js';
import { Outcomes } from '../../../src/dispatch/outcomes.js';
import { failed, taken } from '../../../src/domain/outcome.js';
import {
  type AttemptRecord,
  NotificationsRepository,
} from '../../../src/notifications/notifications.repository.js';
import { OutboxStore } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { eachRecorded } from '../../../src/upkeep/each-recorded.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

/** No index can hold it (SQLSTATE 54000, outside the classes of data faults): random, so that it is not compressed. */
const ENDLESS = randomBytes(9_000).toString('hex');

/** A real group in a real PostgreSQL: five outcomes, one of which it refuses. */
describe('a group of outcomes of which PostgreSQL refuses one', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let notifications: NotificationsRepository;
  let ids: string[];

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    notifications = new NotificationsRepository(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, provider_messages');
    ids = await accept(pool, [{}, {}, {}, {}, {}]);
    const group = { channel: 'email', lane: 'transactional', pin: '', isRetry: false } as const;
    const hints = await new OutboxStore(pool).publishDue(
      group,
      { provider: 'ses', queue: 'ses.transactional' },
      10,
    );
    await notifications.claim(
      hints.map(({ id, dispatch }) => ({ id, dispatch })),
      uuidv7(),
      'ses',
    );
  });

  const records = (): AttemptRecord[] =>
    ids.map((id, i) => ({
      id,
      attempt: 1,
      dispatch: 1,
      outcome: taken('250', 'ok', { providerMessageId: i === 2 ? ENDLESS : `m-${i}` }),
      next: { status: 'sent', reason: '250' },
      durationMs: 5,
      pinnedProvider: null,
      awaitsReceipt: true,
    }));
  const statuses = async () => {
    const { rows } = await pool.query(
      'SELECT status, provider_message_id AS sent_as FROM notifications WHERE id = ANY ($1) ORDER BY array_position($1, id)',
      [ids],
    );
    return rows;
  };

  it('is the fault that it is taken for', async () => {
    await expect(notifications.record(records())).rejects.toMatchObject({ code: '54000' });
  });

  it('is recorded, each of them, and that one without what cannot be written', async () => {
    const outcomes = new Outcomes(
      notifications,
      {} as never,
      { outcomeGroupRows: { observe: () => undefined } } as never,
      { warn: () => undefined, error: () => undefined } as never,
      new BulkShare(),
    );
    await Promise.all(records().map((record) => outcomes.record(record, { lane: 'bulk', endpointId: null })));
    expect(await statuses()).toEqual(
      [0, 1, 2, 3, 4].map((i) => ({ status: 'sent', sent_as: i === 2 ? null : `m-${i}` })),
    );
    expect((await pool.query('SELECT FROM attempts WHERE outcome IS NULL')).rowCount).toBe(0);
  });

  it('of upkeep is recorded but for that one, which is told', async () => {
    await expect(eachRecorded(notifications, records())).rejects.toMatchObject({ code: '54000' });
    expect((await statuses()).map(({ status }) => status)).toEqual([
      'sent',
      'sent',
      'sending',
      'sent',
      'sent',
    ]);
  });

  it('of upkeep goes on while nothing is wrong', async () => {
    const lost = failed('in_doubt', { class: 'in_doubt', code: 'worker_lost', detail: '', scope: 'message' });
    const parked = records().map((record) => ({
      ...record,
      outcome: lost,
      next: { status: 'in_doubt', reason: 'worker_lost' } as const,
    }));
    await eachRecorded(notifications, parked);
    expect(new Set((await statuses()).map(({ status }) => status))).toEqual(new Set(['in_doubt']));
  });
});
