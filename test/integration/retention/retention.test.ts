import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { RetentionEvaluator } from '../../../src/alerts/evaluators/retention.evaluator.js';
import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { DatabaseClock } from '../../../src/platform/clock/database-clock.js';
import { emptyFile } from '../../../src/platform/config/posthaste-file.js';
import type { RetentionConfig } from '../../../src/platform/config/retention-section.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { Retention } from '../../../src/retention/retention.runner.js';
import { aged, daysMs } from '../../support/aged.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const AS_SHIPPED: RetentionConfig = emptyFile().retention;

describe('retention', () => {
  let database: TestDatabase;
  let pool: WorkPool;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
  });

  beforeEach(() =>
    pool.query(
      `TRUNCATE notifications, attempts, undelivered, outbox, events, receipts, endpoint_changes, retention_progress, retention_held`,
    ),
  );

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const retention = (changes: Partial<RetentionConfig> = {}): Retention =>
    new Retention(
      pool,
      new NotificationsRepository(pool),
      { file: { ...emptyFile(), retention: { ...AS_SHIPPED, ...changes } } },
      new DatabaseClock(),
    );

  const standing = async (id: string) => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT status, reason, payload IS NULL AND recipient IS NULL AND business_id IS NULL AND address_hash IS NULL AS "isEmpty",
              erased_at IS NOT NULL AS "isErased", (SELECT count(*)::integer FROM attempts WHERE notification_id = id) AS attempts
         FROM notifications WHERE id = $1`,
      [id],
    );
    return rows[0];
  };
  const isErased = async (id: string): Promise<unknown> => (await standing(id))?.['isErased'];

  it('erases content 30 days after its end and attempts after 90, and keeps key, status and hashes', async () => {
    const young = await aged(pool, { acceptedDaysAgo: 29 });
    const old = await aged(pool, { acceptedDaysAgo: 31, status: 'delivered' });
    const oldest = await aged(pool, { acceptedDaysAgo: 91 });
    await retention().runOnce();
    expect(await standing(young)).toMatchObject({ isErased: false, isEmpty: false, attempts: 1 });
    expect(await standing(old)).toEqual({
      status: 'delivered',
      reason: null,
      isErased: true,
      isEmpty: true,
      attempts: 1,
    });
    expect(await standing(oldest)).toMatchObject({ isErased: true, isEmpty: true, attempts: 0 });
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS count FROM notifications WHERE octet_length(key_hash) = 16 AND fingerprint IS NOT NULL`,
    );
    expect(rows).toEqual([{ count: 3 }]);
  });

  it.each(['accepted', 'scheduled', 'retrying', 'sending', 'in_doubt'] as const)(
    'leaves what is %s, however old, and erases it in its time once it has ended',
    async (status) => {
      const id = await aged(pool, { acceptedDaysAgo: 400, status });
      const behind = await aged(pool, { acceptedDaysAgo: 399 });
      await retention().runOnce();
      expect([await isErased(id), await isErased(behind)]).toEqual([false, true]);
      await pool.query(
        `UPDATE notifications SET status = 'sent', worker_id = NULL, updated_at = now() WHERE id = $1`,
        [id],
      );
      await pool.query(`UPDATE retention_held SET look_again_at = now()`);
      await retention().runOnce();
      expect(await isErased(id)).toBe(false); // it has ended just now
      await pool.query(`UPDATE notifications SET updated_at = now() - interval '31 days' WHERE id = $1`, [
        id,
      ]);
      await pool.query(`UPDATE retention_held SET look_again_at = now()`);
      await retention().runOnce();
      expect(await isErased(id)).toBe(true);
    },
  );

  it('counts from its end, not from its acceptance', async () => {
    const id = await aged(pool, { acceptedDaysAgo: 60, endedDaysAgo: 10 });
    await retention().runOnce();
    expect(await isErased(id)).toBe(false);
    const { rows } = await pool.query<{ days: number }>(
      `SELECT round(extract(epoch FROM look_again_at - now()) / 86400)::integer AS days FROM retention_held
        WHERE task = 'content' AND id = $1`,
      [id],
    );
    expect(rows).toEqual([{ days: 20 }]);
  });

  it('closes a dead letter whose content goes', async () => {
    const id = await aged(pool, { acceptedDaysAgo: 31, status: 'dead' });
    await retention().runOnce();
    expect(await standing(id)).toMatchObject({ status: 'discarded', reason: 'erased', isEmpty: true });
    const { rows } = await pool.query(`SELECT status, detail FROM undelivered WHERE notification_id = $1`, [
      id,
    ]);
    expect(rows).toEqual([{ status: 'discarded', detail: null }]);
  });

  it('passes by what somebody holds, and comes back for it', async () => {
    const id = await aged(pool, { acceptedDaysAgo: 31 });
    const other = await aged(pool, { acceptedDaysAgo: 31 });
    const holder = await pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM notifications WHERE id = $1 FOR UPDATE', [id]);
      await retention().runOnce();
      expect([await isErased(id), await isErased(other)]).toEqual([false, true]);
      await holder.query('COMMIT');
    } finally {
      holder.release();
    }
    await pool.query(`UPDATE retention_held SET look_again_at = now()`);
    await retention().runOnce();
    expect(await isErased(id)).toBe(true);
  });

  it('goes on where the last commit ended, and erases each once with two at work', async () => {
    const ids = await Promise.all(
      Array.from({ length: 300 }, (_, n) => aged(pool, { acceptedDaysAgo: 40 + n / 100 })),
    );
    const [one, other] = [retention(), retention()];
    one.onModuleDestroy(); // it is stopped before it begins
    expect(await one.runOnce()).toEqual({});
    const counts = await Promise.all([retention().runOnce(), other.runOnce()]);
    expect(counts.reduce((sum, each) => sum + each['content']!, 0)).toBe(ids.length);
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS count FROM notifications WHERE erased_at IS NULL`,
    );
    expect(rows).toEqual([{ count: 0 }]);
    const { rows: progress } = await pool.query(
      `SELECT reached::uuid = (SELECT id FROM notifications ORDER BY id DESC LIMIT 1) AS "isAtTheEnd" FROM retention_progress
        WHERE task = 'content'`,
    );
    expect(progress).toEqual([{ isAtTheEnd: true }]);
  });

  it('keeps the data of an event until the last that tells it is erased', async () => {
    const eventId = uuidv7({ msecs: Date.now() - daysMs(40) });
    await pool.query(
      `INSERT INTO events (id, key_hash, fingerprint, type, recipient, business_id, payload, created_at)
       VALUES ($1::uuid, decode(md5($1::uuid::text), 'hex'), '\\x00', 'order.shipped', 'ada', 'b', '\\x01', now() - interval '40 days')`,
      [eventId],
    );
    const late = await aged(pool, { acceptedDaysAgo: 40, endedDaysAgo: 1, channel: 'webhook', eventId });
    const readEvent = async () =>
      (await pool.query(`SELECT payload IS NULL AS "isEmpty", recipient FROM events`)).rows[0];
    await retention().runOnce();
    expect(await readEvent()).toEqual({ isEmpty: false, recipient: 'ada' });
    await pool.query(`UPDATE notifications SET updated_at = now() - interval '31 days' WHERE id = $1`, [
      late,
    ]);
    await pool.query(`UPDATE retention_held SET look_again_at = now()`);
    await retention().runOnce();
    await pool.query(`UPDATE retention_held SET look_again_at = now()`);
    await retention().runOnce();
    expect(await readEvent()).toEqual({ isEmpty: true, recipient: null });
  });

  it('forgets receipts with the attempts, and never that a STOP was said', async () => {
    const id = await aged(pool, { acceptedDaysAgo: 100 });
    const receipt = (kind: string, days: number) =>
      pool.query(
        `INSERT INTO receipts (dedupe_hash, notification_id, provider, provider_message_id, kind, code, at, received_at, settled_at)
         VALUES (decode(md5($2::text || $3::integer), 'hex'), $1, 'mail', 'their-id', $2::text, 'c', now(), now() - $3::integer * interval '1 day', now())`,
        [id, kind, days],
      );
    for (const [kind, days] of [
      ['delivered', 100],
      ['stop', 100],
      ['delivered', 10],
    ] as const)
      await receipt(kind, days);
    await pool.query(
      `INSERT INTO endpoint_changes (endpoint_id, at, change) SELECT $1, now() - d * interval '1 day', 'updated' FROM unnest($2::integer[]) d`,
      [uuidv7(), [200, 100, 5]],
    );
    await retention().runOnce();
    const { rows } = await pool.query(
      `SELECT kind, provider_message_id AS "theirId", notification_id IS NULL AS "isNobodys" FROM receipts ORDER BY id`,
    );
    expect(rows).toEqual([
      { kind: 'stop', theirId: null, isNobodys: true },
      { kind: 'delivered', theirId: 'their-id', isNobodys: false },
    ]);
    expect((await pool.query(`SELECT FROM endpoint_changes`)).rowCount).toBe(1);
  });

  it('keeps keys for ever, unless they are given an end', async () => {
    const id = await aged(pool, { acceptedDaysAgo: 500, status: 'bounced' });
    await retention().runOnce();
    expect(await isErased(id)).toBe(true);
    await retention({ keysMs: daysMs(365) }).runOnce();
    expect(await standing(id)).toBeUndefined();
    const { rows } = await pool.query(
      `SELECT (SELECT count(*) FROM undelivered)::integer AS undelivered, (SELECT count(*) FROM attempts)::integer AS attempts`,
    );
    expect(rows).toEqual([{ undelivered: 0, attempts: 0 }]);
  });

  it('raises an alert when it has not kept up for a day, and none before', async () => {
    await aged(pool, { acceptedDaysAgo: 31 });
    await retention().runOnce();
    const evaluator = new RetentionEvaluator(pool);
    expect(await evaluator.evaluate()).toEqual([]);
    await pool.query(
      `UPDATE retention_progress SET caught_up_at = now() - interval '25 hours' WHERE task = 'content'`,
    );
    expect(await evaluator.evaluate()).toMatchObject([{ kind: 'retention_behind', about: 'content' }]);
    await retention().runOnce();
    expect(await evaluator.evaluate()).toEqual([]);
  });

  it('erases nothing that is kept for ever, and begins anew when it is given an end again', async () => {
    const id = await aged(pool, { acceptedDaysAgo: 500 });
    const forEver = { payloadMs: undefined, attemptsMs: undefined };
    expect(await retention(forEver).runOnce()).toEqual({});
    expect(await standing(id)).toMatchObject({ isErased: false, attempts: 1 });
    await retention().runOnce();
    expect(await standing(id)).toMatchObject({ isErased: true, attempts: 0 });
  });
});
