import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ESTIMATE_WAITING, estimateWaiting } from '../../../src/accept/sql/estimate-waiting.js';
import { createKey } from '../../support/api-keys.js';
import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { rowsRead } from '../../support/rows-read.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { waitFor } from '../../support/wait-for.js';

const LETTER = { type: 'welcome', channel: 'email', data: { name: 'Ada' } };

describe('the door, past the admission limits', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp({
      yaml: `${ALL_CHANNELS}\nlimits: { max_waiting: { transactional: 10, bulk: 100 }, key_share: 0.5 }`,
    });
  });
  afterEach(() => app.stop());

  const letter = (number: number, more: object = {}) => ({
    ...LETTER,
    recipient: `ada-${number}@example.com`,
    business_id: `letter-${number}`,
    ...more,
  });
  const send = (key: string, notification: object) =>
    app.bare('post', '/v1/notifications').set('authorization', `Bearer ${key}`).send(notification);
  const keys = (count: number) =>
    Promise.all(Array.from({ length: count }, () => createKey(app.pool, ['send'])));
  const stored = async (): Promise<number> =>
    (await app.pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM notifications')).rows[0]!
      .count;
  /**
   * The door looks at most once a second, beside the requests: what is let in during a look counts twice until the next, and
   * a limit of ten is near enough to be met by that.
   */
  const letIn = (key: string, notification: object) =>
    waitFor(async () => (await send(key, notification)).status === 202, { what: 'a 202' });

  it('refuses what is new and stores nothing of it; what is known is answered as ever', async () => {
    const [a, b, c] = await keys(3);
    for (let i = 0; i < 5; i++) await letIn(a!, letter(i));
    for (let i = 5; i < 10; i++) await letIn(b!, letter(i));
    const refused = await send(c!, letter(10)).expect(503);
    expect(refused.body).toMatchObject({ code: 'overloaded' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await stored()).toBe(10);
    await send(c!, letter(3)).expect(200);
    const conflict = await send(c!, letter(3, { data: { name: 'Eve' } })).expect(409);
    expect(conflict.body.code).toBe('idempotency_conflict');
    const batch = await app
      .request('post', '/v1/notifications/batch')
      .send({ notifications: [letter(0), letter(11), {}, letter(12), letter(1)] })
      .expect(200);
    expect(
      (batch.body.results as { http_status: number; problem?: { code: string } }[]).map(
        (one) => one.problem?.code ?? one.http_status,
      ),
    ).toEqual([200, 'overloaded', 'invalid_request', 'overloaded', 200]);
    const event = await app
      .request('post', '/v1/events')
      .send({ type: 'order.shipped', business_id: 'order-1', data: {} })
      .expect(503);
    expect(event.body.code).toBe('overloaded');
    expect(await stored()).toBe(10);
    await waitFor(
      async () => {
        const { rows } = await app.pool.query(
          `SELECT lane, api_key_id, refused::integer FROM refusals WHERE refused >= 4`,
        );
        return rows.length === 1 && rows[0].lane === 'transactional' && rows[0].api_key_id === '';
      },
      { what: 'the refusals to be told' },
    );
    await app.pool.query('DELETE FROM outbox'); // as if they had gone out
    await letIn(c!, letter(20));
  });

  it('leaves the others their part of a lane when one key has filled its own', async () => {
    const [greedy, other] = await keys(2);
    for (let i = 0; i < 5; i++) await letIn(greedy!, letter(i));
    const refused = await send(greedy!, letter(5)).expect(503);
    expect(refused.body.detail).toContain('this API key');
    await letIn(other!, letter(6));
    await letIn(greedy!, letter(7, { lane: 'bulk' }));
  });

  it('refuses bulk before transactional', async () => {
    const [a, b, c] = await keys(3);
    for (let i = 0; i < 4; i++) await letIn(a!, letter(i));
    for (let i = 4; i < 9; i++) await letIn(b!, letter(i));
    await send(c!, letter(9, { lane: 'bulk' })).expect(503);
    await letIn(c!, letter(10));
  });

  it('sees what other processes have let in', async () => {
    const [key] = await keys(1);
    await letIn(key!, letter(0));
    await app.pool.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, sender)
       SELECT gen_random_uuid(), 'email', 'transactional', 'first', now(), now() + interval '1 day', n
         FROM generate_series(1, 10) n`,
    );
    let number = 1;
    await waitFor(async () => (await send(key!, letter(number++))).status === 503, { what: 'a refusal' });
    expect(number).toBeLessThanOrEqual(6); // its own share stops it, had it not looked
  });
});

describe('the estimate of what waits', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  const wait = (count: number, lane: string, key: string) =>
    pool.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, sender)
       SELECT gen_random_uuid(), 'email', $2, 'first', now(), now() + interval '1 day', hashtext($3)
         FROM generate_series(1, $1)`,
      [count, lane, key],
    );

  it('is exact while little waits, and costs the same when very much does', async () => {
    for (const id of ['a', 'b'])
      await pool.query(
        `INSERT INTO api_keys (id, name, secret_hash, scopes) VALUES ($1, 'test', decode(repeat('00', 32), 'hex'), '{send}')`,
        [id],
      );
    expect(await estimateWaiting(pool)).toEqual([]);
    await wait(300, 'transactional', 'a');
    await wait(200, 'bulk', 'b');
    await wait(100, 'bulk', 'gone');
    expect((await estimateWaiting(pool)).sort((x, y) => y.waiting - x.waiting)).toEqual([
      { lane: 'transactional', apiKeyId: 'a', waiting: 300 },
      { lane: 'bulk', apiKeyId: 'b', waiting: 200 },
      { lane: 'bulk', apiKeyId: null, waiting: 100 },
    ]);
    for (let i = 0; i < 10; i++) {
      await wait(15_000, 'bulk', 'b');
      await wait(5_000, 'transactional', 'a');
    }
    const found = await estimateWaiting(pool);
    const of = (lane: string, id: string) =>
      found.find((one) => one.lane === lane && one.apiKeyId === id)!.waiting;
    expect(Math.abs(of('bulk', 'b') - 150_200) / 150_200).toBeLessThan(0.2);
    expect(Math.abs(of('transactional', 'a') - 50_300) / 50_300).toBeLessThan(0.4);
    const { rows } = await pool.query<{ pages: number }>(
      `SELECT (pg_relation_size('outbox') / 8192)::integer AS pages`,
    );
    expect(rows[0]!.pages).toBeGreaterThan(2_000);
    const read = await rowsRead(pool, ESTIMATE_WAITING, [100_000 / rows[0]!.pages]);
    expect(read.rows).toBeLessThan(150_000);
  });
});
