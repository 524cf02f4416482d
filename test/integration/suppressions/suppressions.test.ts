import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createKey } from '../../support/api-keys.js';
import { startApp, type TestApp } from '../../support/app.js';

const LETTER = { type: 'welcome', channel: 'email', data: { name: 'Ada' } };

describe('the suppression list', () => {
  let app: TestApp;
  let count = 0;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(() => app.pool.query('TRUNCATE suppressions, suppression_strikes'));

  const add = async (body: object, status = 201) => {
    const answer = await app.request('post', '/v1/suppressions').send(body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    return answer.body;
  };
  const suppress = (address: string, more: object = {}) => add({ channel: 'email', address, ...more });
  const list = async (query = '') => (await app.request('get', `/v1/suppressions${query}`)).body;
  const send = async (recipient: string, more: object = {}) => {
    const { status, body } = await app.send({
      ...LETTER,
      recipient,
      business_id: `b-${count++}`,
      ...more,
    });
    expect(status, JSON.stringify(body)).toBe(202);
    return body as { id: string; status: string };
  };
  const rowsOf = async (table: string) =>
    (await app.pool.query(`SELECT count(*)::integer AS count FROM ${table}`)).rows[0].count as number;

  describe('at the door', () => {
    it('accepts what is for a suppressed address, owes nothing, and says why', async () => {
      await suppress('ada@example.com');
      const owed = await rowsOf('outbox');
      const { id, status } = await send('ada@example.com');
      expect(status).toBe('suppressed');
      expect(await rowsOf('outbox')).toBe(owed);
      const { body } = await app.request('get', `/v1/notifications/${id}`);
      expect(body).toMatchObject({
        status: 'suppressed',
        attempts: 0,
        next: { action: 'none', reason: expect.stringContaining('put the address on the list'), can: [] },
      });
      expect(body.history).toEqual([
        expect.objectContaining({ event: 'accepted' }),
        expect.objectContaining({ event: 'suppressed', code: 'suppression_manual', class: 'suppress' }),
      ]);
      const found = await app.request('get', '/v1/notifications?status=suppressed');
      expect(found.body.items.map((item: { id: string }) => item.id)).toContain(id);
    });

    it('answers the same key again with what became of it, and knows other content', async () => {
      await suppress('ada@example.com');
      const same = { ...LETTER, recipient: 'ada@example.com', business_id: 'same' };
      expect(await app.send(same)).toMatchObject({ status: 202, body: { status: 'suppressed' } });
      expect(await app.send(same)).toMatchObject({
        status: 200,
        body: { status: 'suppressed', duplicate: true },
      });
      expect(await app.send({ ...same, data: { name: 'Eve' } })).toMatchObject({ status: 409 });
    });

    it('leaves every other address of the same group alone', async () => {
      await suppress('eve@example.com');
      const notifications = Array.from({ length: 50 }, (_, i) => ({
        ...LETTER,
        recipient: i % 10 === 0 ? 'eve@example.com' : `ada-${i}@example.com`,
        business_id: `batch-${i}`,
      }));
      const { body } = await app.request('post', '/v1/notifications/batch').send({ notifications });
      const statuses = body.results.map((result: { status: string }) => result.status);
      expect(statuses.filter((status: string) => status === 'suppressed')).toHaveLength(5);
      expect(statuses.filter((status: string) => status === 'accepted')).toHaveLength(45);
    });

    it('knows an address in any spelling of its case', async () => {
      await suppress('Ada.Lovelace@Example.com');
      expect(await send('ada.lovelace@EXAMPLE.com')).toMatchObject({ status: 'suppressed' });
    });

    it('does not suppress a number because of a mailbox, nor a webhook at all', async () => {
      await add({ channel: 'sms', address: '+49 170 1234567' });
      expect(await send('ada@example.com')).toMatchObject({ status: 'accepted' });
      const text = { channel: 'sms', type: 'otp.code', data: { code: '123456' } };
      expect(await send('+491701234567', text)).toMatchObject({ status: 'suppressed' });
      expect(await send('+491701234568', text)).toMatchObject({ status: 'accepted' });
    });

    it('keeps to the type of an unsubscribe', async () => {
      await suppress('ada@example.com', { reason: 'unsubscribe', type: 'invoice.issued' });
      expect(await send('ada@example.com')).toMatchObject({ status: 'accepted' });
      await suppress('ada@example.com', { reason: 'unsubscribe', type: 'welcome' });
      expect(await send('ada@example.com')).toMatchObject({ status: 'suppressed' });
    });

    it('forgets what has expired, and a renewal counts again', async () => {
      await suppress('ada@example.com', { expires_at: '2100-01-01T00:00:00Z' });
      await app.pool.query(`UPDATE suppressions SET expires_at = now() - interval '1 second'`);
      expect(await send('ada@example.com')).toMatchObject({ status: 'accepted' });
      expect((await list()).items).toEqual([]);
      await suppress('ada@example.com');
      expect(await send('ada@example.com')).toMatchObject({ status: 'suppressed' });
    });

    it('gives no place in an ordering key to what is suppressed', async () => {
      await suppress('ada@example.com');
      await send('ada@example.com', { ordering_key: 'of ada' });
      const { rows } = await app.pool.query(`SELECT FROM ordered WHERE ordering_key = 'of ada'`);
      expect(rows).toEqual([]);
    });
  });

  describe('GET, POST, DELETE /v1/suppressions', () => {
    it('adds one, once', async () => {
      const first = await suppress('ada@example.com');
      expect(first).toEqual({ added: 1, ids: [expect.stringMatching(/^sup_/)] });
      expect(await suppress('ada@example.com')).toEqual({ added: 0, ids: first.ids });
      expect((await list()).items).toEqual([
        expect.objectContaining({
          id: first.ids[0],
          channel: 'email',
          address: 'ada@example.com',
          reason: 'manual',
          type: null,
          source: 'api',
          expires_at: null,
        }),
      ]);
    });

    it('keeps one row a reason, so that taking one back leaves the other', async () => {
      const bounce = await suppress('ada@example.com', { reason: 'hard_bounce' });
      await suppress('ada@example.com', { reason: 'unsubscribe' });
      await app.request('delete', `/v1/suppressions/${bounce.ids[0]}`).expect(204);
      expect(await send('ada@example.com')).toMatchObject({ status: 'suppressed' });
      expect((await list()).items).toHaveLength(1);
    });

    it('imports a thousand at once, in order, and all or none', async () => {
      const items = Array.from({ length: 1000 }, (_, i) => ({
        channel: 'email',
        address: `${'a'.repeat(60)}-${i}@${'example-'.repeat(7)}x.example.com`,
        reason: 'unsubscribe',
      }));
      expect((await add({ items })).added).toBe(1000);
      expect((await add({ items: items.slice(0, 3).reverse() })).added).toBe(0);
      const wrong = await add(
        {
          items: [
            { channel: 'email', address: 'new@example.com' },
            { channel: 'sms', address: '12' },
          ],
        },
        400,
      );
      expect(wrong.errors).toEqual([expect.objectContaining({ path: '/items/1/address' })]);
      expect(await rowsOf('suppressions')).toBe(1000);
    });

    it('takes none whose time has passed already', async () => {
      const [past, future] = ['2020-01-01T00:00:00Z', '2100-01-01T00:00:00Z'];
      const one = { channel: 'email', address: 'ada@example.com' };
      const single = await add({ ...one, expires_at: past }, 400);
      expect(single.errors).toEqual([{ path: '/expires_at', message: 'has passed already' }]);
      const items = [
        { ...one, expires_at: future },
        { ...one, expires_at: past },
      ];
      const many = await add({ items }, 400);
      expect(many.errors).toEqual([{ path: '/items/1/expires_at', message: 'has passed already' }]);
      expect(await rowsOf('suppressions')).toBe(0);
    });

    it('takes the same address twice in one import', async () => {
      const item = { channel: 'email', address: 'ada@example.com' };
      const { added, ids } = await add({ items: [item, item] });
      expect([added, new Set(ids).size, ids.length]).toEqual([1, 1, 2]);
    });

    it('answers the same Idempotency-Key with the same ids, and adds once', async () => {
      const post = () =>
        app
          .request('post', '/v1/suppressions')
          .set('idempotency-key', 'k1')
          .send({ channel: 'email', address: 'ada@example.com' });
      const [first, second] = [await post(), await post()];
      expect(second.body).toEqual(first.body);
      expect(await rowsOf('suppressions')).toBe(1);
    });

    it.each([
      [{}, ['/channel', '/address']],
      [{ channel: 'webhook', address: 'x' }, ['/channel']],
      [{ channel: 'email', address: 'ada' }, ['/address']],
      [{ channel: 'email', address: 'ada@example.com', reason: 'complaint', type: 'welcome' }, ['/type']],
      [{ channel: 'email', items: [{ channel: 'email', address: 'ada@example.com' }] }, ['/items']],
      [{ items: [] }, ['/items']],
      [{ channel: 'email', address: 'ada@example.com', because: 'x' }, ['/because']],
    ])('refuses %j', async (body, paths) => {
      const { errors } = await add(body, 400);
      expect(errors.map(({ path }: { path: string }) => path)).toEqual(paths);
    });

    it.each(['complaint', 'stop'])('never takes back a %s', async (reason) => {
      const { ids } = await suppress('ada@example.com', { reason });
      const { status, body } = await app.request('delete', `/v1/suppressions/${ids[0]}`);
      expect([status, body.code]).toEqual([409, 'wrong_state']);
      expect(await send('ada@example.com')).toMatchObject({ status: 'suppressed' });
    });

    it('writes an audit entry for each change, without the address', async () => {
      const { ids } = await suppress('ada@example.com');
      await app.request('delete', `/v1/suppressions/${ids[0]}`).expect(204);
      await app.request('delete', `/v1/suppressions/${ids[0]}`).expect(404);
      const { body } = await app.request('get', `/v1/admin/audit?target=${ids[0]}`);
      expect(body.items.map(({ action }: { action: string }) => action)).toEqual([
        'suppression.remove',
        'suppression.add',
      ]);
      expect(JSON.stringify(body)).not.toContain('ada@');
    });

    it('finds by channel, address and reason, page by page, newest first', async () => {
      await add({
        items: ['a', 'b', 'c'].map((name) => ({
          channel: 'email',
          address: `${name}@example.com`,
          reason: name === 'b' ? 'complaint' : 'manual',
        })),
      });
      await add({ channel: 'sms', address: '+491701234567' });
      const addresses = async (query: string) =>
        (await list(query)).items.map(({ address }: { address: string }) => address);
      expect(await addresses('?channel=sms')).toEqual(['+491701234567']);
      expect(await addresses('?channel=email&address=A@example.com')).toEqual(['a@example.com']);
      expect(await addresses('?reason=complaint')).toEqual(['b@example.com']);
      expect(await addresses('?channel=email&reason=manual')).toEqual(['c@example.com', 'a@example.com']);
      const seen: string[] = [];
      for (let cursor = ''; ;) {
        const page = await list(`?limit=2${cursor}`);
        seen.push(...page.items.map(({ address }: { address: string }) => address));
        if (page.next_cursor === null) break;
        cursor = `&cursor=${page.next_cursor}`;
      }
      expect(seen).toEqual(['+491701234567', 'c@example.com', 'b@example.com', 'a@example.com']);
    });

    it('wants a channel beside an address, and cursors of its own', async () => {
      const { errors } = await list('?address=a@example.com&cursor=ntf_x');
      expect(errors.map(({ path }: { path: string }) => path).sort()).toEqual(['/address', '/cursor']);
    });

    it('shows addresses to admins alone', async () => {
      await suppress('ada@example.com');
      await add({ channel: 'sms', address: '+491701234567' });
      const reader = await createKey(app.pool, ['read']);
      const answer = await app
        .bare('get', '/v1/suppressions')
        .set('authorization', `Bearer ${reader}`)
        .expect(200);
      expect(answer.body.items.map(({ address }: { address: string }) => address)).toEqual([
        '+49•••67',
        'a•••@example.com',
      ]);
      for (const [method, path] of [
        ['get', '/v1/suppressions/export'],
        ['post', '/v1/suppressions'],
        ['delete', '/v1/suppressions/sup_x'],
      ] as const) {
        await app.bare(method, path).set('authorization', `Bearer ${reader}`).expect(403);
      }
    });

    it('exports everything, a line each, more than one reading at a time', async () => {
      const items = Array.from({ length: 1000 }, (_, i) => ({
        channel: 'email',
        address: `a${i}@example.com`,
      }));
      await add({ items });
      await suppress('last@example.com');
      const answer = await app
        .request('get', '/v1/suppressions/export')
        .buffer(true)
        .parse((response, done) => {
          let text = '';
          response.on('data', (data: Buffer) => (text += data.toString()));
          response.on('end', () => done(null, text));
        });
      expect(answer.headers['content-type']).toBe('application/x-ndjson');
      const lines = (answer.body as string)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toHaveLength(1001);
      expect(lines[0]).toMatchObject({ channel: 'email', address: 'last@example.com', reason: 'manual' });
      expect(new Set(lines.map(({ address }) => address)).size).toBe(1001);
    });

    it('keeps no address in the clear', async () => {
      await suppress('ada@example.com');
      const { rows } = await app.pool.query(`SELECT s::text AS row FROM suppressions s`);
      // Not of "ada" alone: the hashes are written in hex, and one in fifteen rows has it by chance.
      for (const part of ['ada@', 'example.com']) {
        expect(rows[0].row).not.toContain(part);
        expect(rows[0].row).not.toContain(Buffer.from(part).toString('hex'));
      }
    });
  });
});
