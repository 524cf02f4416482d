import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { Sealer } from '../../../src/platform/crypto/sealer.js';
import { installationKey } from '../../../src/platform/crypto/installation-key.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { ErasureRunner } from '../../../src/retention/erasure.runner.js';
import { Suppressions } from '../../../src/suppressions/suppressions.js';
import { startApp, type TestApp } from '../../support/app.js';
import { subscribe } from '../../support/subscribers.js';

const KEY = Buffer.alloc(32, 7);

describe('the erasure of a recipient', () => {
  let app: TestApp;
  let pool: WorkPool;
  let runner: ErasureRunner;

  beforeAll(async () => {
    app = await startApp({ env: { ENCRYPTION_KEY: KEY.toString('base64') } });
    pool = createWorkPool(app.databaseUrl);
    const sealer = new Sealer(KEY);
    const hasher = new KeyedHasher(await installationKey(pool, sealer));
    runner = new ErasureRunner(
      pool,
      new NotificationsRepository(pool),
      new Suppressions(hasher, sealer, pool),
      sealer,
    );
  });

  afterAll(async () => {
    await pool.end();
    await app.stop();
  });

  const mail = (recipient: string, businessId: string) => ({
    type: 'welcome',
    recipient,
    business_id: businessId,
    channel: 'email',
    data: { name: 'Ada', action_url: 'https://acme.example' },
  });
  const send = async (recipient: string, businessId: string): Promise<string> => {
    const { status, body } = await app.send(mail(recipient, businessId));
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id as string;
  };
  const story = async (id: string) => (await app.request('get', `/v1/notifications/${id}`).expect(200)).body;
  const ask = async (recipient: string, more: object = {}) =>
    (
      await app
        .request('post', '/v1/admin/erasures')
        .send({ recipient, reason: 'ticket 4711', ...more })
        .expect(202)
    ).body as { id: string; state: string };
  const look = async (id: string) => (await app.request('get', `/v1/admin/erasures/${id}`).expect(200)).body;
  const runAgain = async (): Promise<void> => {
    await pool.query(`UPDATE erasures SET look_again_at = now() WHERE state = 'running'`);
    await runner.runOnce();
  };
  const settle = (recipient: string, status: string) =>
    pool.query(
      `WITH taken AS (DELETE FROM outbox WHERE notification_id IN (SELECT id FROM notifications WHERE recipient = $1))
       UPDATE notifications SET status = $2 WHERE recipient = $1`,
      [recipient, status],
    );

  it('cancels what waits, empties what has ended, and a repetition stays a duplicate', async () => {
    const ended = await send('grace@example.com', 'a');
    await settle('grace@example.com', 'sent');
    const waiting = await send('grace@example.com', 'b');
    const neighbour = await send('other@example.com', 'a');
    const erasure = await ask('grace@example.com');
    expect(erasure.state).toBe('running');
    await runner.runOnce();
    expect(await look(erasure.id)).toMatchObject({ state: 'done', erased: 2, cancelled: 1, held: 0 });
    expect(await story(ended)).toMatchObject({ status: 'sent', erased: true, recipient: null, to: null });
    expect(await story(waiting)).toMatchObject({ status: 'cancelled', erased: true, business_id: null });
    expect((await story(neighbour)).status).toBe('accepted');
    expect((await story(neighbour)).erased).toBeUndefined();
    expect(await app.send(mail('grace@example.com', 'a'))).toEqual({
      status: 200,
      body: { id: ended, status: 'sent', duplicate: true, erased: true },
    });
    const other = await app.send({ ...mail('grace@example.com', 'a'), data: { name: 'Grace' } });
    expect([other.status, other.body.code, other.body.fields]).toEqual([
      409,
      'idempotency_conflict',
      ['data'],
    ]);
  });

  it('covers what was accepted until it was asked for, and nothing after', async () => {
    const erasure = await ask('late@example.com');
    const after = await send('late@example.com', 'later');
    await runner.runOnce();
    expect(await look(erasure.id)).toMatchObject({ state: 'done', erased: 0 });
    expect((await story(after)).status).toBe('accepted');
  });

  it.each(['sending', 'in_doubt'])(
    'waits for the end of what is %s, and comes back for it',
    async (status) => {
      const recipient = `${status}@example.com`;
      const id = await send(recipient, 'a');
      await pool.query(
        `WITH taken AS (DELETE FROM outbox WHERE notification_id IN (SELECT id FROM notifications WHERE recipient = $1))
       UPDATE notifications SET status = $2, worker_id = CASE $2 WHEN 'sending' THEN id END WHERE recipient = $1`,
        [recipient, status],
      );
      const erasure = await ask(recipient);
      await runner.runOnce();
      expect(await look(erasure.id)).toMatchObject({ state: 'running', erased: 0, held: 1 });
      expect((await story(id)).recipient).toBe(recipient);
      await runAgain();
      expect(await look(erasure.id)).toMatchObject({ state: 'running', held: 1 });
      await pool.query(`UPDATE notifications SET status = 'sent', worker_id = NULL WHERE recipient = $1`, [
        recipient,
      ]);
      await runAgain();
      expect(await look(erasure.id)).toMatchObject({ state: 'done', erased: 1, held: 0 });
      expect((await story(id)).recipient).toBeNull();
    },
  );

  it('keeps the channel that was not named', async () => {
    const id = await send('only@example.com', 'a');
    const erasure = await ask('only@example.com', { channel: 'sms' });
    await runner.runOnce();
    expect(await look(erasure.id)).toMatchObject({ state: 'done', erased: 0, channel: 'sms' });
    expect((await story(id)).recipient).toBe('only@example.com');
  });

  it('erases the events about a recipient, with every notification that tells them', async () => {
    await subscribe(app, { types: ['order.shipped'] });
    const event = await app
      .request('post', '/v1/events')
      .send({ type: 'order.shipped', recipient: 'cust-7', business_id: 'o1', data: { to: 'Ada' } })
      .expect(202);
    expect(event.body.matched).toBe(1);
    const erasure = await ask('cust-7');
    await runner.runOnce();
    expect(await look(erasure.id)).toMatchObject({ state: 'done', erased: 1, cancelled: 1, events: 1 });
    const { rows } = await pool.query(
      `SELECT (SELECT count(*) FROM events WHERE payload IS NOT NULL)::integer AS told, (SELECT count(*) FROM outbox o JOIN notifications n ON n.id = o.notification_id WHERE n.event_id IS NOT NULL)::integer AS owed`,
    );
    expect(rows).toEqual([{ told: 0, owed: 0 }]);
    await subscribe(app, { types: ['order.shipped'] });
    const again = await app
      .request('post', '/v1/events')
      .send({ type: 'order.shipped', recipient: 'cust-7', business_id: 'o1', data: { to: 'Ada' } })
      .expect(200);
    expect(again.body).toMatchObject({ id: event.body.id, duplicate: true, erased: true, matched: 0 }); // nobody new is told
  });

  it('keeps a suppression by its hash alone, and it still suppresses', async () => {
    await app
      .request('post', '/v1/suppressions')
      .send({ channel: 'email', address: 'no@example.com', reason: 'manual' })
      .expect(201);
    await ask('no@example.com');
    await runner.runOnce();
    const { rows } = await pool.query(`SELECT address FROM suppressions`);
    expect(rows).toEqual([{ address: null }]);
    const { body } = await app.send(mail('no@example.com', 'a'));
    expect(body.status).toBe('suppressed');
  });

  it('leaves the person nowhere: not in its own row, not in the audit', async () => {
    const erasure = await ask('nobody@example.com');
    const words = async () =>
      (
        await pool.query<{ text: string }>(
          `SELECT string_agg(t::text, ' ') AS text FROM (SELECT a::text FROM audit a UNION ALL SELECT e::text FROM erasures e) t`,
        )
      ).rows[0]!.text;
    expect(await words()).not.toContain('nobody@example.com');
    await runner.runOnce();
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS known FROM erasures WHERE recipient IS NOT NULL OR recipient_key IS NOT NULL`,
    );
    expect(rows).toEqual([{ known: 0 }]);
    const { rows: audited } = await pool.query(`SELECT action, reason FROM audit WHERE target = $1`, [
      erasure.id,
    ]);
    expect(audited).toEqual([{ action: 'erasure.create', reason: 'ticket 4711' }]);
  });

  it('goes on after a restart in the middle of a round', async () => {
    for (let n = 0; n < 3; n++) await send('many@example.com', `m${n}`);
    const erasure = await ask('many@example.com');
    // As it was left by a process that died after its first commit.
    await pool.query(
      `UPDATE erasures SET reached = (SELECT min(id::text)::uuid FROM notifications WHERE recipient = 'many@example.com'), erased = 1
        WHERE state = 'running'`,
    );
    await runner.runOnce();
    expect(await look(erasure.id)).toMatchObject({ state: 'done', erased: 3, cancelled: 2 });
  });

  it('is begun once by an Idempotency-Key', async () => {
    const twice = await Promise.all(
      [1, 2].map(() =>
        app
          .request('post', '/v1/admin/erasures')
          .set('idempotency-key', 'forget-1')
          .send({ recipient: 'x', reason: 'r' })
          .then(({ status, body }) => ({ status, id: body.id as string | undefined })),
      ),
    );
    expect(twice.filter(({ status }) => status === 202).length).toBeGreaterThan(0);
    const again = await app
      .request('post', '/v1/admin/erasures')
      .set('idempotency-key', 'forget-1')
      .send({ recipient: 'x', reason: 'r' })
      .expect(202);
    expect(twice.map(({ id }) => id)).toContain(again.body.id);
    await app.request('get', '/v1/admin/erasures/ers_nothing').expect(404);
  });

  it('leaves nothing that could be sent again: retry and redrive refuse it, and say why', async () => {
    const id = await send('dead@example.com', 'a');
    await pool.query(
      `WITH taken AS (DELETE FROM outbox WHERE notification_id IN (SELECT id FROM notifications WHERE recipient = 'dead@example.com')),
            noted AS (INSERT INTO undelivered (notification_id, status, type, channel)
                      SELECT id, 'dead', type, channel FROM notifications WHERE recipient = 'dead@example.com')
       UPDATE notifications SET status = 'dead' WHERE recipient = 'dead@example.com'`,
    );
    await ask('dead@example.com');
    await runner.runOnce();
    const { body } = await app.request('post', `/v1/admin/notifications/${id}/retry`).send({}).expect(409);
    expect(body).toMatchObject({ code: 'wrong_state' });
    expect(body.detail).toMatch(/erased/);
    const { body: dry } = await app
      .request('post', '/v1/admin/redrives')
      .send({ name: 'all', filter: { ids: [id] }, dry_run: true })
      .expect(202);
    expect(dry.matched).toBe(0);
    const shown = await story(id);
    expect([shown.status, shown.next.can]).toEqual(['discarded', []]);
  });

  it('is not counted among what a replay of the sent would send', async () => {
    const [gone, kept] = [await send('gone@example.com', 'a'), await send('kept@example.com', 'a')];
    await pool.query(
      `WITH taken AS (DELETE FROM outbox WHERE notification_id IN (
              SELECT id FROM notifications WHERE recipient IN ('gone@example.com', 'kept@example.com')))
       UPDATE notifications SET status = 'sent' WHERE recipient IN ('gone@example.com', 'kept@example.com')`,
    );
    await ask('gone@example.com');
    await runner.runOnce();
    const filter = { status: 'sent', ids: [gone, kept] };
    const { body } = await app
      .request('post', '/v1/admin/redrives')
      .send({ name: 'sent', filter, dry_run: true })
      .expect(202);
    expect(body.matched).toBe(1);
  });
});
