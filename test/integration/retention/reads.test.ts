import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SETTLED } from '../../../src/domain/status.js';
import { ERASE_CONTENT } from '../../../src/notifications/sql/erase-content.js';
import { BLANK_ATTEMPTS, FORGET_ATTEMPTS } from '../../../src/notifications/sql/forget-attempts.js';
import { FORGET_NOTIFICATIONS } from '../../../src/notifications/sql/forget-notifications.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { FIND_OF_RECIPIENT, FIND_EVENTS_OF_RECIPIENT } from '../../../src/retention/sql/find-of-recipient.js';
import { TAKE_HELD } from '../../../src/retention/sql/held.js';
import { NOTIFICATIONS_PAGE } from '../../../src/retention/sql/pages.js';
import { RECEIPTS, sweepStatement } from '../../../src/retention/sql/sweep.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { rowsRead } from '../../support/rows-read.js';

const CROWD = 30_000;
const STEP = 100;
/** A step of a hundred looks a few times at each of its rows. */
const FEW = STEP * 5;
const AGE_MS = 0;

describe('a step over a crowd of old notifications reads its own rows', () => {
  let database: TestDatabase;
  let maker: pg.Pool;
  let pool: WorkPool;
  let ids: string[];

  beforeAll(async () => {
    database = await createDatabase();
    maker = new pg.Pool({ connectionString: database.url, max: 1 });
    pool = createWorkPool(database.url);
    const crowd = (statement: string) => maker.query(statement, [CROWD]);
    const id = `(lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid`;
    await crowd(
      `INSERT INTO notifications (id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane, template,
                                  payload, status, attempts, provider, provider_message_id, deadline_at, updated_at)
       SELECT ${id}, decode(md5(n::text), 'hex'), '\\x00', 'invoice.issued', 'r' || n % 1000, 'b', n % 1000, 'email', 'bulk',
              'invoice.issued', '\\x01', 'sent', 1, 'mail', 'their-' || n, now(), now() - interval '1 year'
         FROM generate_series(1, $1::integer) n`,
    );
    await crowd(
      `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, finished_at, outcome)
       SELECT ${id}, 1, 1, ${id}, 'mail', now(), 'taken' FROM generate_series(1, $1::integer) n`,
    );
    await crowd(
      `INSERT INTO provider_messages (provider, provider_message_id, notification_id)
       SELECT 'mail', 'their-' || n, ${id} FROM generate_series(1, $1::integer) n`,
    );
    await crowd(
      `INSERT INTO receipts (dedupe_hash, notification_id, provider, kind, code, at, received_at, settled_at)
       SELECT decode(md5(n::text), 'hex'), ${id}, 'mail', 'delivered', 'c', now(), now() - interval '1 year', now()
         FROM generate_series(1, $1::integer) n`,
    );
    await crowd(
      `INSERT INTO retention_held SELECT 'content', ${id}, now() + n * interval '1 minute' FROM generate_series(-10, $1::integer) n
        WHERE n <> 0`.replace(/to_hex\(n\)/, 'to_hex(n + 20)'),
    );
    await crowd(
      `INSERT INTO events (id, key_hash, fingerprint, type, recipient, business_id, payload)
       SELECT ${id}, decode(md5(n::text), 'hex'), '\\x00', 'order.shipped', 'r' || n % 1000, 'b', '\\x01' FROM generate_series(1, $1::integer) n`,
    );
    await maker.query('ANALYZE');
    const { rows } = await maker.query<{ id: string }>(
      `SELECT id FROM notifications ORDER BY id LIMIT ${STEP}`,
    );
    ids = rows.map((row) => row.id);
  });

  afterAll(async () => {
    await maker.end();
    await pool.end();
    await database.drop();
  });

  const expectFew = async (text: string, values: readonly unknown[]): Promise<void> => {
    const { rows, indexes } = await rowsRead(pool, text, values);
    expect(rows, indexes.join(', ')).toBeLessThanOrEqual(FEW);
    expect(indexes.length).toBeGreaterThan(0);
  };

  it('to find them', () =>
    expectFew(NOTIFICATIONS_PAGE.text, [ids[0], 'ffffffff-ffff-7000-8000-000000000000', STEP]));
  it('to take what was held aside', () => expectFew(TAKE_HELD, ['content', STEP]));
  it('to empty them', () => expectFew(ERASE_CONTENT, [ids, SETTLED, AGE_MS]));
  it('to forget their attempts', () => expectFew(FORGET_ATTEMPTS, [ids, SETTLED, AGE_MS]));
  it('to blank their attempts on request', () => expectFew(BLANK_ATTEMPTS, [ids]));
  it('to forget their keys', () => expectFew(FORGET_NOTIFICATIONS, [ids, SETTLED, AGE_MS]));
  it('to sweep receipts', () => expectFew(sweepStatement(RECEIPTS), ['0', STEP, AGE_MS]));
  it('to find those of a recipient', () =>
    expectFew(FIND_OF_RECIPIENT, [7, 'r7', null, new Date(), uuidv7({ msecs: 1 }), STEP]));
  it('to find the events about one', () =>
    expectFew(FIND_EVENTS_OF_RECIPIENT, ['r7', new Date(), uuidv7({ msecs: 1 }), STEP]));
});
