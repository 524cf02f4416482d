import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Arrival } from '../../../src/sandbox/arrival.js';
import { FaultsStore } from '../../../src/sandbox/faults.store.js';
import { SandboxStore } from '../../../src/sandbox/sandbox.store.js';
import { createDatabase } from '../../support/postgres.js';

let pool: pg.Pool;
let database: Awaited<ReturnType<typeof createDatabase>>;
beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 20 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE sandbox_messages, sandbox_faults RESTART IDENTITY'));

const sms = (more: Partial<Arrival> = {}): Arrival => ({
  channel: 'sms',
  to: '+14155550123',
  subject: null,
  raw: 'Body=hello',
  parsed: { sid: 'SM1', from: '+15005550006', body: 'hello', segments: 1, encoding: 'GSM-7' },
  headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  notificationId: null,
  fault: null,
  ...more,
});

describe('what arrived', () => {
  it('is given back as it came, newest first, by channel and recipient', async () => {
    const store = new SandboxStore(pool);
    await store.append(sms());
    await store.append(sms({ to: '+14155550199', fault: 'drop_after_body', notificationId: 'ntf_1' }));
    await store.append(sms({ channel: 'webhook', to: 'demo', subject: 'Invoice.PAID' }));
    const { items, hasMore } = await store.list({ limit: 10 });
    expect(hasMore).toBe(false);
    expect(items.map((one) => one.to)).toEqual(['demo', '+14155550199', '+14155550123']);
    expect(items[1]).toMatchObject({
      ...sms({ to: '+14155550199', fault: 'drop_after_body', notificationId: 'ntf_1' }),
    });
    expect(items[2]!.sizeBytes).toBe(10);
    expect(items[2]!.receivedAt).toBeInstanceOf(Date);
    expect((await store.list({ channel: 'sms', to: '+14155550123', limit: 10 })).items).toHaveLength(1);
    expect((await store.list({ search: 'invoice.p', limit: 10 })).items).toHaveLength(1);
    expect((await store.list({ search: '%', limit: 10 })).items).toEqual([]);
  });

  it('can hold what PostgreSQL cannot: NUL and half a character', async () => {
    const store = new SandboxStore(pool);
    await store.append(sms({ raw: 'a\0b', subject: '\uD800', headers: [['x', '\0']] }));
    expect((await store.list({ limit: 1 })).items[0]).toMatchObject({ raw: 'a\uFFFDb', subject: '\uFFFD' });
  });

  it('is read on from an id without a gap, though several processes write at once', async () => {
    const stores = [new SandboxStore(pool), new SandboxStore(pool), new SandboxStore(pool)];
    const seen = new Set<number>();
    let after = 0;
    let isWriting = true;
    const writing = Promise.all(
      Array.from({ length: 3_000 }, (_, i) => stores[i % 3]!.append(sms({ raw: String(i) }))),
    ).finally(() => (isWriting = false));
    for (let more = true; isWriting || more;) {
      const { items, hasMore } = await stores[0]!.list({ after, limit: 200 });
      for (const one of items) seen.add(one.id);
      after = items[0]?.id ?? after;
      more = hasMore;
    }
    await writing;
    for (const one of (await stores[0]!.list({ after, limit: 200 })).items) seen.add(one.id);
    expect(seen.size).toBe(3_000);
  });

  it('keeps the newest of each channel and nothing more', async () => {
    const store = new SandboxStore(pool, 50);
    await store.append(sms({ channel: 'email', raw: 'stays' }));
    await Promise.all(Array.from({ length: 700 }, (_, i) => store.append(sms({ raw: String(i) }))));
    await store.settle();
    const { rows } = await pool.query(
      'SELECT count(*)::int, min(id)::int FROM sandbox_messages WHERE channel = $1',
      ['sms'],
    );
    expect(rows[0].count).toBeGreaterThanOrEqual(50);
    expect(rows[0].count).toBeLessThan(100);
    expect((await store.list({ channel: 'email', limit: 1 })).items).toHaveLength(1);
  });

  it('answers with a bounded number of bytes, and at least one', async () => {
    const store = new SandboxStore(pool);
    const raw = 'x'.repeat(3 * 1024 * 1024);
    for (let i = 0; i < 5; i++) await store.append(sms({ raw }));
    const first = await store.list({ limit: 10 });
    expect(first.hasMore).toBe(true);
    expect(first.items.map((one) => one.id)).toEqual([5, 4, 3]);
    const rest = await store.list({ before: 3, limit: 10 });
    expect(rest).toMatchObject({ hasMore: false, items: [{ id: 2 }, { id: 1 }] });
  });

  it('is cleared by channel or whole', async () => {
    const store = new SandboxStore(pool);
    await store.append(sms());
    await store.append(sms({ channel: 'email' }));
    await store.clear('sms');
    expect((await store.list({ limit: 10 })).items).toMatchObject([{ channel: 'email' }]);
    await store.clear();
    expect((await store.list({ limit: 10 })).items).toEqual([]);
  });
});

describe('faults', () => {
  it('are taken once each, in their order, however many ask at once and from however many processes', async () => {
    const processes = [new FaultsStore(pool), new FaultsStore(pool), new FaultsStore(pool)];
    await processes[0]!.order('sms', 'reject', 7);
    await processes[0]!.order('sms', 'hang', 5);
    await processes[0]!.order('email', 'defer', 3);
    const taken = await Promise.all(Array.from({ length: 60 }, (_, i) => processes[i % 3]!.take('sms')));
    expect(taken.filter((fault) => fault === 'reject')).toHaveLength(7);
    expect(taken.filter((fault) => fault === 'hang')).toHaveLength(5);
    expect(await processes[0]!.list()).toMatchObject([
      { channel: 'email', fault: 'defer', times: 3, remaining: 3 },
    ]);
  });

  it('cost the happy path one question per tenth of a second', async () => {
    let nowMs = 0;
    const faults = new FaultsStore(pool, () => nowMs);
    expect(await faults.take('webhook')).toBeUndefined();
    await new FaultsStore(pool).order('webhook', 'defer', 1);
    nowMs = 99;
    expect(await faults.take('webhook')).toBeUndefined();
    nowMs = 100;
    expect(await faults.take('webhook')).toBe('defer');
    expect(await faults.take('webhook')).toBeUndefined();
  });

  it('bite at once in the process that ordered them', async () => {
    const faults = new FaultsStore(pool);
    expect(await faults.take('email')).toBeUndefined();
    await faults.order('email', 'throttle', 1);
    expect(await faults.take('email')).toBe('throttle');
  });

  it('are cleared by channel or whole', async () => {
    const faults = new FaultsStore(pool);
    await faults.order('email', 'throttle', 1);
    await faults.order('sms', 'throttle', 1);
    await faults.clear('email');
    expect(await faults.list()).toMatchObject([{ channel: 'sms' }]);
    await faults.clear();
    expect(await faults.list()).toEqual([]);
  });
});
