import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { OLDEST_OF_ENDPOINTS, OLDEST_OF_LANES } from '../../../src/alerts/sql/oldest-waiting.js';
import { SAMPLE_QUEUES } from '../../../src/alerts/sql/sample-queues.js';
import { READ_PULSE } from '../../../src/endpoints/sql/read-health.js';
import { READ_LANES } from '../../../src/overview/sql/read-lanes.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { rowsRead } from '../../support/rows-read.js';

const ENDPOINTS = 2_000;
const OF_EACH = 20;
const BLOCKED = 20_000;
/** A few hundred looks of a few rows; what reads the crowd reads tens of thousands. */
const FEW = 3_000;
const LOWEST_ID = 'ffffffff-ffff-7000-8000-000000000000';
const A_FEW_WAIT_HERE = '00000000-0000-4000-8000-0000000000ff';

/** The questions of operators and owners are asked again and again, and most of all when much waits. */
describe('while a fan-out waits for thousands of endpoints', () => {
  let database: TestDatabase;
  let maker: pg.Pool;
  let pool: WorkPool;

  beforeAll(async () => {
    database = await createDatabase();
    maker = new pg.Pool({ connectionString: database.url, max: 1 });
    pool = createWorkPool(database.url);
    await maker.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, endpoint_id)
       SELECT gen_random_uuid(), 'webhook', 'bulk', 'first', now() - n * interval '1 ms', now() + interval '1 day',
              ('10000000-0000-4000-8000-' || lpad((n % $1)::text, 12, '0'))::uuid
         FROM generate_series(1, $1::integer * $2::integer) n`,
      [ENDPOINTS, OF_EACH],
    );
    await maker.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, ordering_seq, is_blocked, ordering_key)
       SELECT gen_random_uuid(), 'email', 'transactional', 'first', now() - interval '1 day', now() + interval '1 day', n, true, 'k'
         FROM generate_series(1, $1) n`,
      [BLOCKED],
    );
    await maker.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, endpoint_id, ordering_seq, is_blocked, ordering_key)
       SELECT gen_random_uuid(), 'webhook', 'transactional', 'first', now() - interval '1 hour', now() + interval '1 day', $1, n,
              n > 1, 'hooks' FROM generate_series(1, 3) n`,
      [A_FEW_WAIT_HERE],
    );
    await maker.query('ANALYZE outbox');
  });

  afterAll(async () => {
    await maker.end();
    await pool.end();
    await database.drop();
  });

  it('the oldest of them is found by a few looks, in every lane', async () => {
    const values = [['bulk', 'transactional'], []];
    const read = await rowsRead(pool, OLDEST_OF_ENDPOINTS, values);
    expect(read.indexes).toContain('outbox_due_by_endpoint');
    expect(read.rows).toBeLessThan(FEW);
    const { rows } = await pool.query<{ lane: string; ageMs: number }>(OLDEST_OF_ENDPOINTS, values);
    expect(rows.map(({ lane }) => lane).sort()).toEqual(['bulk', 'transactional']);
    expect(rows.find(({ lane }) => lane === 'transactional')!.ageMs).toBeGreaterThan(3_500_000);
  });

  it('the oldest mail is found without what is blocked, pinned or a retry', async () => {
    const wait = (provider: string | null, kind: string, age: string) =>
      maker.query(
        `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, provider)
         VALUES (gen_random_uuid(), 'email', 'transactional', $2, now() - $3::interval, now() + interval '1 day', $1)`,
        [provider, kind, age],
      );
    await wait(null, 'first', '1 minute');
    await wait('ses', 'retry', '1 hour');
    await wait('held', 'first', '5 hours'); // its provider is not asked for
    const values = [['email'], ['transactional'], ['ses']];
    const read = await rowsRead(pool, OLDEST_OF_LANES, values);
    expect(read.indexes).toContain('outbox_due');
    expect(read.rows).toBeLessThan(FEW);
    const { rows } = await pool.query<{ ageMs: number }>(OLDEST_OF_LANES, values);
    expect(rows).toHaveLength(1);
    expect(Math.round(rows[0]!.ageMs / 3_600_000)).toBe(1);
  });

  it.each([
    ['the growth of queues', SAMPLE_QUEUES, []],
    ['the overview', READ_LANES, [LOWEST_ID]],
  ])('%s counts what is due in a lane from its own part of an index', async (_, text, more) => {
    const mail = await rowsRead(pool, text, [['email'], ['bulk'], ...more]);
    const hooks = await rowsRead(pool, text, [['webhook'], ['transactional'], ...more]);
    expect([...mail.indexes, ...hooks.indexes]).toEqual(
      expect.arrayContaining(['outbox_due', 'outbox_due_by_endpoint']),
    );
    expect(Math.max(mail.rows, hooks.rows)).toBeLessThan(FEW);
  });

  it('an endpoint’s health counts what waits for it alone, blocked or not', async () => {
    const read = await rowsRead(pool, READ_PULSE, [A_FEW_WAIT_HERE]);
    expect(read.rows).toBeLessThan(FEW);
    const { rows } = await pool.query<{ waiting: number }>(READ_PULSE, [A_FEW_WAIT_HERE]);
    expect(rows[0]!.waiting).toBe(3);
  });
});
