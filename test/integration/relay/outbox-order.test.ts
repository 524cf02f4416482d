import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CLAIM } from '../../../src/notifications/sql/claim.js';
import { OutboxStore, type Route } from '../../../src/outbox/outbox.store.js';
import { ENDPOINTS_DUE } from '../../../src/outbox/sql/endpoints-due.js';
import { NEXT_DUE } from '../../../src/outbox/sql/next-due.js';
import { PUBLISH_DUE_OF_ENDPOINTS } from '../../../src/outbox/sql/publish-due-of-endpoints.js';
import { PUBLISH_DUE } from '../../../src/outbox/sql/publish-due.js';
import { UNBLOCK_HEADS } from '../../../src/outbox/sql/unblock-heads.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { rowsRead } from '../../support/rows-read.js';

const MANY = 150_000;
/** A page of an index holds a hundred entries or more; a filter at its front would read all of the many. */
const FEW = 200;

/** What a claim costs while very many rows wait for something else. */
describe('what may not go now costs the others nothing', () => {
  let database: TestDatabase;
  /** Without the service's timeouts: what is measured is not how fast rows are made. */
  let maker: pg.Pool;
  let pool: WorkPool;
  let outbox: OutboxStore;

  beforeAll(async () => {
    database = await createDatabase();
    maker = new pg.Pool({ connectionString: database.url, max: 1 });
    pool = createWorkPool(database.url);
    outbox = new OutboxStore(pool);
  });

  afterAll(async () => {
    await maker.end();
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await maker.query('TRUNCATE outbox, ordered, sends');
  });

  const route = (provider: string): Route => ({
    channel: 'email',
    lane: 'transactional',
    provider,
    takesUnpinned: true,
    weight: 1,
    queue: `${provider}.transactional`,
    isProbe: false,
    perEndpointConcurrency: 5,
  });
  const group = { channel: 'email', lane: 'transactional', pin: '', isRetry: false } as const;
  /** Rows that have been due since yesterday, so that they stand before all others. */
  const wait = (count: number, what: { provider?: string; kind?: string; age?: string; sender?: number }) =>
    maker.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, provider, sender)
       SELECT gen_random_uuid(), 'email', 'transactional', $2, now() - $4::interval, now() + interval '1 day', $3, $5
         FROM generate_series(1, $1)`,
      [count, what.kind ?? 'first', what.provider ?? null, what.age ?? '1 day', what.sender ?? 0],
    );
  const behindOneKey = (count: number) =>
    maker.query(
      `WITH of_key AS (
         INSERT INTO ordered (notification_id, ordering_key)
         SELECT gen_random_uuid(), 'acct-1' FROM generate_series(1, $1) RETURNING notification_id, seq
       )
       INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, ordering_seq, is_blocked, ordering_key)
       SELECT notification_id, 'email', 'transactional', 'first', now() - interval '1 day', now() + interval '1 day', seq,
              seq > (SELECT min(seq) FROM of_key), 'acct-1' FROM of_key`,
      [count],
    );
  const publish = (limit: number) =>
    rowsRead(pool, PUBLISH_DUE, [
      group.channel,
      group.lane,
      group.pin,
      group.isRetry,
      'ses.transactional',
      limit,
      'ses',
      0,
      true,
    ]);

  it.each([
    ['prescribed for a provider that is held', () => wait(MANY, { provider: 'held' })],
    ['retries beyond the budget', () => wait(MANY, { kind: 'retry' })],
    ['behind one ordering key', () => behindOneKey(MANY)],
  ])(`reads a few rows while ${MANY} wait: %s`, async (_, crowd) => {
    await crowd();
    await wait(20, { age: '1 second' });
    await maker.query('ANALYZE outbox');
    const due = await rowsRead(pool, NEXT_DUE, [['email'], ['transactional'], [''], [false]]);
    expect(due.rows).toBeLessThan(FEW);
    const published = await publish(100);
    expect(published.indexes).toContain('outbox_due');
    expect(published.rows).toBeLessThan(FEW);
    const { rows } = await pool.query(
      'SELECT count(*)::integer AS count FROM outbox WHERE published_at IS NOT NULL',
    );
    expect(rows[0].count).toBeGreaterThanOrEqual(20);
  });

  it('reads the same with the plan that is kept for all parameters', async () => {
    await wait(MANY, { provider: 'held' });
    await wait(20, { age: '1 second' });
    await maker.query('ANALYZE outbox');
    const client = await pool.connect();
    try {
      await client.query('SET plan_cache_mode = force_generic_plan');
      const kept = await rowsRead(client as never, PUBLISH_DUE, [
        ...['email', 'transactional', '', false],
        ...['ses.transactional', 100, 'ses', 0, true],
      ]);
      expect(kept.indexes).toContain('outbox_due');
      expect(kept.rows).toBeLessThan(FEW);
    } finally {
      client.release(true);
    }
  });

  it('claims key by key, also when statistics say that next to nothing is published', async () => {
    await wait(MANY, {});
    await maker.query('VACUUM (ANALYZE) outbox');
    await maker.query(
      `UPDATE outbox SET published_at = now(), queue = 'ses.transactional', dispatch = 1
        WHERE notification_id IN (SELECT notification_id FROM outbox LIMIT 2000)`,
    );
    const { rows: out } = await maker.query<{ id: string }>(
      'SELECT notification_id AS id FROM outbox WHERE published_at IS NOT NULL LIMIT 20',
    );
    const claimed = await rowsRead(pool, CLAIM, [
      out.map(({ id }) => id),
      out.map(() => 1),
      '00000000-0000-7000-8000-000000000000',
      'ses',
    ]);
    expect(claimed.rows).toBeLessThan(FEW);
    const { rows } = await pool.query('SELECT count(*)::integer AS count FROM outbox');
    expect(rows[0].count).toBe(MANY - 20);
  });

  it('asks for the head of a key row by row, also with a plan from when no key was in use', async () => {
    const endpoint = '00000000-0000-0000-0000-000000000001';
    await maker.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, endpoint_id)
       SELECT gen_random_uuid(), 'webhook', 'bulk', 'first', now(), now() + interval '1 day', $2 FROM generate_series(1, $1)`,
      [MANY, endpoint],
    );
    await maker.query('VACUUM (ANALYZE) outbox');
    const client = await pool.connect();
    const publishOf = `EXECUTE publish ('bulk', '', false, 'hooks.bulk', ARRAY['${endpoint}']::uuid[], '{100}', 'hooks', false)`;
    try {
      await client.query(`PREPARE publish AS ${PUBLISH_DUE_OF_ENDPOINTS}`);
      await client.query(publishOf);
      await maker.query(
        `WITH heads AS (
           INSERT INTO ordered (notification_id, ordering_key) SELECT gen_random_uuid(), 'acct-' || n FROM generate_series(1, 1000) n
           RETURNING notification_id, seq
         )
         INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, ordering_seq, endpoint_id)
         SELECT notification_id, 'webhook', 'bulk', 'first', now() - interval '1 h', now() + interval '1 day', seq, $1 FROM heads`,
        [endpoint],
      );
      const published = await rowsRead(client as never, publishOf, []);
      expect(published.rows).toBeLessThan(FEW);
    } finally {
      client.release(true);
    }
    const { rows } = await pool.query(
      'SELECT count(*)::integer AS count FROM outbox WHERE published_at IS NOT NULL AND ordering_seq IS NOT NULL',
    );
    expect(rows[0].count).toBe(100);
  });

  it('finds the endpoints that have something due without reading what waits for them', async () => {
    await maker.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, endpoint_id)
       SELECT gen_random_uuid(), 'webhook', 'bulk', CASE WHEN n % 10 = 0 THEN 'retry' ELSE 'first' END, now() - n * interval '1 ms',
              now() + interval '1 day', ('00000000-0000-0000-0000-00000000000' || (n % 5 + 1))::uuid
         FROM generate_series(1, $1) n`,
      [MANY],
    );
    await maker.query('ANALYZE outbox');
    const found = await rowsRead(pool, ENDPOINTS_DUE, [
      'bulk',
      '00000000-0000-0000-0000-000000000000',
      '',
      false,
      512,
    ]);
    expect(found.rows).toBeLessThan(FEW);
    const due = await outbox.endpointsDue(
      'bulk',
      { endpointId: '00000000-0000-0000-0000-000000000000', pin: '', isRetry: false },
      512,
    );
    // Five endpoints; only the first has retries, which are every tenth row.
    expect(due.map((one) => one.isRetry)).toEqual([false, true, false, false, false, false]);
    const rest = await outbox.endpointsDue('bulk', due[1]!, 512);
    expect(rest).toHaveLength(4);
  });

  it('sweeps a key with very many behind it in one step, and unblocks its head alone', async () => {
    await behindOneKey(MANY);
    await maker.query('UPDATE outbox SET is_blocked = true');
    await maker.query('ANALYZE outbox, ordered');
    expect((await rowsRead(pool, UNBLOCK_HEADS, ['', 1_000])).rows).toBeLessThan(FEW);
    const { rows } = await pool.query<{ seq: string; min: string }>(
      `SELECT ordering_seq AS seq, (SELECT min(seq) FROM ordered) AS min FROM outbox WHERE NOT is_blocked`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.seq).toBe(rows[0]!.min);
    expect(await outbox.unblockHeads('', 1_000)).toMatchObject({ unblocked: 0, seen: 1, last: 'acct-1' });
  });

  it('takes rows of one group in the order of their time, and leaves the other groups alone', async () => {
    await wait(3, { age: '1 minute' });
    await wait(2, { age: '1 hour', kind: 'redrive' });
    await wait(4, { age: '1 day', kind: 'retry' });
    await wait(5, { age: '1 day', provider: 'ses' });
    const first = await outbox.publishDue(group, route('ses'), 2);
    const { rows } = await pool.query<{ kind: string }>(
      'SELECT DISTINCT kind FROM outbox WHERE notification_id = ANY ($1)',
      [first.map(({ id }) => id)],
    );
    expect(rows).toEqual([{ kind: 'redrive' }]); // no retry: it has a rate of its own
    expect(await outbox.publishDue(group, route('ses'), 100)).toHaveLength(3);
    expect(await outbox.publishDue({ ...group, isRetry: true }, route('ses'), 100)).toHaveLength(4);
    expect(await outbox.publishDue({ ...group, pin: 'ses' }, route('ses'), 100)).toHaveLength(5);
  });

  describe('turns among the API keys', () => {
    const [CROWD, FEW_OF, OTHER] = [-7, 3, 90];
    const sendersOf = (hints: readonly { sender: number }[]) =>
      Object.fromEntries(
        [CROWD, FEW_OF, OTHER].map((one) => [one, hints.filter(({ sender }) => sender === one).length]),
      );

    it(`one key's ${MANY} delay nobody: each has its share, and what one leaves the others have`, async () => {
      await wait(MANY, { sender: CROWD });
      await wait(20, { sender: FEW_OF, age: '1 second' });
      await wait(60, { sender: OTHER, age: '1 second' });
      await maker.query('ANALYZE outbox');
      const read = await publish(90);
      expect(read.indexes).toContain('outbox_due');
      expect(read.rows).toBeLessThan(FEW);
      await maker.query('UPDATE outbox SET published_at = NULL, queue = NULL WHERE published_at IS NOT NULL');
      expect(sendersOf(await outbox.publishDue(group, route('ses'), 500))).toEqual({
        [CROWD]: 420,
        [FEW_OF]: 20,
        [OTHER]: 60,
      });
      expect(await outbox.publishDue(group, route('ses'), 500)).toHaveLength(500);
    });

    it('a place at a time goes round', async () => {
      await wait(100, { sender: CROWD });
      await wait(2, { sender: FEW_OF, age: '1 second' });
      await wait(3, { sender: OTHER, age: '1 second' });
      await wait(5, { sender: 50, age: '-1 hour' }); // not due: it has no turn
      const relay = new OutboxStore(pool);
      const order: number[] = [];
      for (let i = 0; i < 9; i++) {
        order.push(...(await relay.publishDue(group, route('ses'), 1)).map(({ sender }) => sender));
      }
      expect(order).toEqual([CROWD, FEW_OF, OTHER, CROWD, FEW_OF, OTHER, CROWD, OTHER, CROWD]);
    });

    it('looks at each of very many keys once, and at none of what they have waiting', async () => {
      await maker.query(
        `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, sender)
         SELECT gen_random_uuid(), 'email', 'transactional', 'first', now() + n * interval '1 min', now() + interval '1 day', n % 50
           FROM generate_series(1, 50000) n`,
      );
      await maker.query('ANALYZE outbox');
      const due = await rowsRead(pool, NEXT_DUE, [['email'], ['transactional'], [''], [false]]);
      expect(due.indexes).toContain('outbox_due');
      expect(due.rows).toBeLessThan(FEW);
      const [next] = await outbox.nextDue([group]);
      expect(next!.dueMs).toBeGreaterThan(0);
      expect(next!.dueMs).toBeLessThan(60_000);
    });
  });
});
