import type { PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { OutboxStore, type Published } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const WORKER = uuidv7();
const MAIL = { channel: 'email', lane: 'transactional', pin: '', isRetry: false } as const;
const HOOKS = { ...MAIL, channel: 'webhook' } as const;
const ROUTE = { provider: 'ses', queue: 'ses.transactional' };
const ENDPOINT = uuidv7();

/** A mark's commit waits for no disk: a PostgreSQL that falls with its machine may forget the last of them. */
describe('marks that PostgreSQL forgot', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let client: PoolClient;
  /** In a transaction that the test ends. */
  let within: OutboxStore;
  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    client = await pool.connect();
    within = new OutboxStore(client as unknown as WorkPool);
  });
  afterAll(async () => {
    client.release(true);
    await pool.end();
    await database.drop();
  });
  beforeEach(() => pool.query('TRUNCATE notifications, outbox, attempts, sends'));

  const synchronousCommit = async (): Promise<string> =>
    (await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit')).rows[0]!
      .synchronous_commit;
  const inTransaction = async <R>(work: () => Promise<R>, end: 'COMMIT' | 'ROLLBACK'): Promise<R> => {
    await client.query('BEGIN');
    try {
      return await work();
    } finally {
      await client.query(end);
    }
  };
  const claim = (hints: readonly Published[]) =>
    new NotificationsRepository(pool).claim(
      hints.map(({ id, dispatch }) => ({ id, dispatch })),
      WORKER,
      'ses',
    );

  it('leave a stale hint; the row goes again, and two hints of one number are one call', async () => {
    const [id] = await accept(pool, [{}]);
    const lost = await inTransaction(() => within.publishDue(MAIL, ROUTE, 10), 'ROLLBACK');
    expect(await claim(lost)).toEqual([undefined]);
    const again = await new OutboxStore(pool).publishDue(MAIL, ROUTE, 10);
    expect(again).toEqual(lost);
    const claims = [...(await claim(lost)), ...(await claim(again))];
    expect(claims.map((one) => one?.id)).toEqual([id, undefined]);
  });

  it('cannot be among those that something was spent for: these wait for the disk', async () => {
    await accept(pool, [{}, { channel: 'webhook', endpointId: ENDPOINT }]);
    const rooms = [{ endpointId: ENDPOINT, room: 1 }];
    const spent = await inTransaction(async () => {
      await within.publishDue(MAIL, ROUTE, 10, client);
      await within.publishDueOfEndpoints(HOOKS, ROUTE, rooms, client);
      return synchronousCommit();
    }, 'ROLLBACK');
    expect(spent).toBe('on');
    const mail = await inTransaction(
      async () => [(await within.publishDue(MAIL, ROUTE, 10)).length, await synchronousCommit()],
      'ROLLBACK',
    );
    expect(mail).toEqual([1, 'off']);
    const hooks = await inTransaction(
      async () => [
        (await within.publishDueOfEndpoints(HOOKS, ROUTE, rooms)).length,
        await synchronousCommit(),
      ],
      'ROLLBACK',
    );
    expect(hooks).toEqual([1, 'off']);
    expect(await synchronousCommit()).toBe('on');
  });
});
