import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';
import { letters, outboxOf, settle, uuidOf } from '../../support/settled.js';
import { waitFor } from '../../support/wait-for.js';

const HOUR_MS = 3_600_000;
const TYPES = `types:\n  otp.code: { channel: sms, on_in_doubt: failover, retry: { deadline: 2h } }\n`;

describe("the operator's word", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ yaml: ALL_CHANNELS + TYPES });
  });
  afterAll(() => app.stop());

  const ask = (id: string, verb: string, body?: object) =>
    app.request('post', `/v1/admin/notifications/${id}/${verb}`).send(body);
  const story = async (id: string) => (await app.request('get', `/v1/notifications/${id}`).expect(200)).body;
  const one = async (more: object = {}): Promise<string> => (await letters(app, 1, () => more))[0]!;
  const undeliveredOf = async (id: string) =>
    (await app.pool.query(`SELECT * FROM undelivered WHERE notification_id = $1`, [uuidOf(id)])).rows[0];
  const auditOf = async (target: string) =>
    (await app.request('get', '/v1/admin/audit').query({ target }).expect(200)).body.items;

  /** The relay's wake-up, as PostgreSQL sends it. */
  async function wokenBy(act: () => Promise<unknown>): Promise<void> {
    const listener = new pg.Client({ connectionString: app.databaseUrl });
    await listener.connect();
    let woken = false;
    listener.on('notification', () => (woken = true));
    await listener.query('LISTEN posthaste_outbox');
    try {
      await act();
      await waitFor(() => woken, { within: 5_000, what: 'the wake-up' });
    } finally {
      await listener.end();
    }
  }

  describe('retry', () => {
    it('puts a dead one back on fresh terms, and keeps its attempts', async () => {
      const id = await one();
      await settle(app, [id], { status: 'dead', attempts: 3 });
      expect((await story(id)).next).toMatchObject({ action: 'none', can: ['retry'] });
      await wokenBy(async () => {
        const { body } = await ask(id, 'retry', { reason: 'mail server is back' }).expect(200);
        expect(body).toMatchObject({ status: 'retrying', attempts: 3, next: { can: ['retry', 'cancel'] } });
      });
      expect(await outboxOf(app, id)).toMatchObject({
        kind: 'redrive',
        provider: null,
        dispatch: 3,
        published_at: null,
      });
      expect(await undeliveredOf(id)).toBeUndefined();
      const { rows } = await app.pool.query(
        `SELECT tries, attempts, extract(epoch FROM deadline_at - now()) * 1000 AS ms FROM notifications WHERE id = $1`,
        [uuidOf(id)],
      );
      expect(rows[0]).toMatchObject({ tries: 0, attempts: 3 });
      expect(Math.abs(Number(rows[0].ms) - 24 * HOUR_MS)).toBeLessThan(60_000);
      expect((await story(id)).history.filter((entry: any) => entry.event === 'attempt')).toHaveLength(3);
    });

    it('happens once, said ten times at once, and leaves one audit entry', async () => {
      const id = await one();
      await settle(app, [id], { status: 'dead' });
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(id, 'retry')));
      expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
      expect(await auditOf(id)).toEqual([
        expect.objectContaining({
          action: 'notification.retry',
          reason: null,
          before: { status: 'dead', tries: 2 },
          after: { status: 'retrying', tries: 0, provider: null },
        }),
      ]);
    });

    it('keeps a dead one with the provider that may have it, unless its policy is failover', async () => {
      const [pinned, free] = [
        await one(),
        await one({ type: 'otp.code', channel: 'sms', to: '+4917012345678', data: { code: '1234' } }),
      ];
      await settle(app, [pinned], { status: 'in_doubt', class: 'in_doubt', code: 'timeout' });
      await ask(pinned, 'resolve', { as: 'dead', reason: 'waited long enough' }).expect(200);
      await ask(pinned, 'retry').expect(200);
      expect(await outboxOf(app, pinned)).toMatchObject({ provider: 'mail' });
      await settle(app, [free], { status: 'in_doubt', provider: 'texts', class: 'in_doubt' });
      await ask(free, 'resolve', { as: 'dead', reason: 'waited long enough' }).expect(200);
      await ask(free, 'retry').expect(200);
      expect(await outboxOf(app, free)).toMatchObject({ provider: null });
    });

    it('lets what waits for later go now', async () => {
      const id = await one({ send_at: '2100-01-01T00:00:00Z' });
      await wokenBy(() => ask(id, 'retry', { reason: 'they cannot wait' }).expect(200));
      expect((await outboxOf(app, id))!.available_at.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
      expect(await auditOf(id)).toHaveLength(1);
      await ask(id, 'retry').expect(200);
      expect(await auditOf(id)).toHaveLength(1);
    });

    it('leaves what is published where it is', async () => {
      const id = await one();
      await app.pool.query(
        `UPDATE outbox SET published_at = now(), queue = 'q', available_at = now() + interval '1 hour' WHERE notification_id = $1`,
        [uuidOf(id)],
      );
      const before = await outboxOf(app, id);
      await ask(id, 'retry').expect(200);
      expect(await outboxOf(app, id)).toEqual(before);
    });

    it('refuses what is past its expiry, and keeps it dead', async () => {
      const id = await one({ expires_in: '1h' });
      await settle(app, [id], { status: 'dead' });
      await app.pool.query(`UPDATE notifications SET expires_at = now() - interval '1 s' WHERE id = $1`, [
        uuidOf(id),
      ]);
      const { body } = await ask(id, 'retry').expect(409);
      expect(body).toMatchObject({ code: 'wrong_state', detail: expect.stringContaining('expires_at') });
      expect(await story(id)).toMatchObject({ status: 'dead', next: { can: [] } });
      expect(await auditOf(id)).toEqual([]);
    });

    it('refuses a doubt and says to resolve it; refuses what is settled', async () => {
      const [doubtful, sent] = [await one(), await one()];
      await settle(app, [doubtful], { status: 'in_doubt' });
      await settle(app, [sent], { status: 'sent' });
      expect((await ask(doubtful, 'retry').expect(409)).body).toMatchObject({
        code: 'wrong_state',
        detail: expect.stringContaining('resolve'),
      });
      expect((await ask(sent, 'retry').expect(409)).body.code).toBe('wrong_state');
      await ask('ntf_nobody', 'retry').expect(404);
      await ask(sent.replace(/.{4}$/, '0000'), 'retry').expect(404);
    });
  });

  describe('resolve', () => {
    const doubtful = async (more: object = {}): Promise<string> => {
      const id = await one(more);
      await settle(app, [id], { status: 'in_doubt', class: 'in_doubt', code: 'timeout' });
      expect((await story(id)).next.can).toEqual(['resolve']);
      return id;
    };

    it.each(['sent', 'dead'] as const)('settles it as %s, once, and frees its ordering key', async (as) => {
      const id = await doubtful({ ordering_key: `key-${as}` });
      for (let times = 0; times < 2; times++) {
        const { body } = await ask(id, 'resolve', { as, reason: 'asked the provider' }).expect(200);
        expect(body.status).toBe(as);
      }
      expect(await outboxOf(app, id)).toBeUndefined();
      expect((await undeliveredOf(id))?.status).toBe(as === 'dead' ? 'dead' : undefined);
      const { rowCount } = await app.pool.query(`SELECT FROM ordered WHERE notification_id = $1`, [
        uuidOf(id),
      ]);
      expect(rowCount).toBe(0);
      expect(await auditOf(id)).toEqual([
        expect.objectContaining({
          action: 'notification.resolve',
          reason: 'asked the provider',
          before: { status: 'in_doubt' },
          after: { status: as },
        }),
      ]);
    });

    it('sends it again by the provider of the doubtful attempt, in its place of the order', async () => {
      const id = await doubtful({ ordering_key: 'key-retry' });
      await wokenBy(() => ask(id, 'resolve', { as: 'retry', reason: 'they did not get it' }).expect(200));
      const row = await outboxOf(app, id);
      expect(row).toMatchObject({ provider: 'mail', dispatch: 2 });
      expect(row!.ordering_seq).not.toBeNull();
      expect((await story(id)).status).toBe('retrying');
      await ask(id, 'resolve', { as: 'retry', reason: 'again' }).expect(200);
      await ask(id, 'resolve', { as: 'sent', reason: 'no' }).expect(409);
      expect(await auditOf(id)).toHaveLength(1);
    });

    it('is refused for what is not in doubt', async () => {
      const id = await one();
      await ask(id, 'resolve', { as: 'sent', reason: 'I know' }).expect(409);
      await ask(id, 'resolve', { as: 'delivered', reason: 'I know' }).expect(400);
      await ask(id, 'resolve', { as: 'sent' }).expect(400);
      expect((await story(id)).status).toBe('accepted');
    });
  });

  describe('the audit', () => {
    it('pages through what was done, the newest first', async () => {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await app
          .request('get', '/v1/admin/audit')
          .query({ limit: 2, ...(cursor ? { cursor } : {}) })
          .expect(200);
        seen.push(...body.items.map((entry: { id: string }) => entry.id));
        cursor = body.next_cursor as string | null;
      }
      const { rows } = await app.pool.query(`SELECT id::text FROM audit ORDER BY audit.id DESC`);
      expect(seen).toEqual(rows.map((row: { id: string }) => row.id));
      expect(seen.length).toBeGreaterThan(5);
    });

    it.each(['UPDATE audit SET reason = NULL', 'DELETE FROM audit', 'TRUNCATE audit'])(
      'refuses %s',
      async (statement) => {
        await expect(app.pool.query(statement)).rejects.toThrow('append-only');
      },
    );

    it('tells who made and who revoked a key, and nothing of its secret', async () => {
      const { body: key } = await app
        .request('post', '/v1/admin/api-keys')
        .send({ name: 'billing', scopes: ['send'] })
        .expect(201);
      await app.request('delete', `/v1/admin/api-keys/${key.id}`).expect(204);
      await app.request('delete', `/v1/admin/api-keys/${key.id}`).expect(404);
      const entries = await auditOf(key.id);
      const by = { api_key_id: app.apiKey.split('_')[1], target: key.id };
      expect(entries).toMatchObject([
        { ...by, action: 'api_key.revoke', before: { name: 'billing', scopes: ['send'] }, after: null },
        { ...by, action: 'api_key.create', before: null, after: { name: 'billing', scopes: ['send'] } },
      ]);
      expect(JSON.stringify(entries)).not.toContain(key.key.split('_').at(-1));
    });

    it('and the change it tells of are written together or not at all', async () => {
      const id = await one();
      await settle(app, [id], { status: 'dead' });
      await app.pool.query(`ALTER TABLE audit ADD CONSTRAINT broken CHECK (reason <> 'break') NOT VALID`);
      try {
        await ask(id, 'retry', { reason: 'break' }).expect(500);
        expect(await story(id)).toMatchObject({ status: 'dead' });
        expect(await outboxOf(app, id)).toBeUndefined();
      } finally {
        await app.pool.query(`ALTER TABLE audit DROP CONSTRAINT broken`);
      }
    });
  });
});
