import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../../support/app.js';
import { letters, settle, uuidOf } from '../../support/settled.js';

const PATH = '/v1/admin/dead-letters';

describe('dead letters', () => {
  let app: TestApp;
  let refused: string[];
  let blocked: string[];
  let texts: string[];
  beforeAll(async () => {
    app = await startApp();
    refused = await letters(app, 30);
    blocked = await letters(app, 7, () => ({ type: 'order.shipped', template: 'welcome' }));
    texts = await letters(app, 3, () => ({
      type: 'otp.code',
      channel: 'sms',
      to: '+4917012345678',
      data: { code: '1234' },
    }));
    const doubtful = await letters(app, 2);
    await settle(app, refused, { status: 'dead', attempts: 3 });
    await settle(app, blocked, { status: 'dead', class: 'slow', code: 'smtp_450', attempts: 1 });
    await settle(app, texts, { status: 'dead', provider: 'texts', class: 'permanent', code: 'twilio_21211' });
    await settle(app, doubtful, { status: 'in_doubt', class: 'in_doubt' });
  });
  afterAll(() => app.stop());

  async function all(query: object, limit = 200): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await app
        .request('get', PATH)
        .query({ ...query, limit, ...(cursor ? { cursor } : {}) })
        .expect(200);
      expect(body.items.length).toBeLessThanOrEqual(limit);
      ids.push(...body.items.map((one: { id: string }) => one.id));
      cursor = body.next_cursor as string | null;
    }
    return ids;
  }
  const newestFirst = (ids: readonly string[]): string[] => [...ids].sort().reverse();

  it('are listed once each, the last accepted first, whatever the size of a page', async () => {
    const everything = newestFirst([...refused, ...blocked, ...texts]);
    for (const limit of [1, 7, 40, 200]) expect(await all({}, limit)).toEqual(everything);
  });

  it('are found by type, channel, provider, class and time of acceptance', async () => {
    expect(await all({ type: 'order.shipped' })).toEqual(newestFirst(blocked));
    expect(await all({ channel: 'sms' }, 2)).toEqual(newestFirst(texts));
    expect(await all({ provider: 'mail', error_class: 'permanent' })).toEqual(newestFirst(refused));
    expect(await all({ error_class: 'network' })).toEqual([]);
    const { body } = await app.request('get', `/v1/notifications/${blocked[0]}`).expect(200);
    expect(await all({ created_before: body.created_at })).toEqual(newestFirst(refused));
    expect(await all({ created_after: body.created_at, channel: 'email' })).toEqual(newestFirst(blocked));
    await app.request('get', PATH).query({ cursor: 'ntf_x' }).expect(400);
    await app.request('get', PATH).query({ error_class: 'nonsense' }).expect(400);
  });

  it('tell the first and the last error', async () => {
    const { body } = await app.request('get', PATH).query({ provider: 'texts', limit: 1 }).expect(200);
    expect(body.items[0]).toMatchObject({
      id: newestFirst(texts)[0],
      type: 'otp.code',
      recipient: 'ada@example.com',
      provider: 'texts',
      error_class: 'permanent',
      code: 'twilio_21211',
      attempts: 2,
      first_error: { number: 1, outcome: 'not_sent', class: 'network', code: 'connect_refused' },
      last_error: { number: 2, outcome: 'rejected', class: 'permanent', code: 'twilio_21211' },
    });
  });

  it('are grouped by type, provider and class, with counts, times and an example', async () => {
    const { body } = await app.request('get', `${PATH}/groups`).expect(200);
    const [first] = body.items;
    expect(body.items).toMatchObject([
      {
        type: 'welcome',
        provider: 'mail',
        error_class: 'permanent',
        count: 30,
        example_id: newestFirst(refused)[0],
      },
      { type: 'order.shipped', provider: 'mail', error_class: 'slow', count: 7 },
      { type: 'otp.code', provider: 'texts', error_class: 'permanent', count: 3 },
    ]);
    expect(Date.parse(first.first_seen)).toBeLessThanOrEqual(Date.parse(first.last_seen));
    const sms = await app.request('get', `${PATH}/groups`).query({ channel: 'sms' }).expect(200);
    expect(sms.body.items.map((group: { count: number }) => group.count)).toEqual([3]);
  });

  it('are listed and counted from indexes of the dead alone', async () => {
    const planOf = async (text: string): Promise<string> => {
      const { rows } = await app.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    await app.pool.query(`SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off`);
    try {
      for (const column of ['type', 'provider', 'class']) {
        expect(
          await planOf(
            `SELECT * FROM undelivered WHERE status = 'dead' AND ${column} = 'x' ORDER BY notification_id DESC LIMIT 10`,
          ),
        ).toContain(`undelivered_dead_by_${column}`);
      }
      expect(
        await planOf(
          `SELECT type, provider, class, count(*), min(since) FROM undelivered WHERE status = 'dead' GROUP BY 1, 2, 3`,
        ),
      ).toContain('Index Only Scan using undelivered_dead_by_cause');
    } finally {
      await app.pool.query(`RESET ALL`);
    }
  });

  it('can be discarded, once, with a reason that is kept', async () => {
    const id = texts[0]!;
    await app.request('post', `${PATH}/${id}/discard`).send({}).expect(400);
    for (let times = 0; times < 2; times++) {
      const { body } = await app
        .request('post', `${PATH}/${id}/discard`)
        .send({ reason: 'wrong number' })
        .expect(200);
      expect(body).toMatchObject({ status: 'discarded', next: { can: [] } });
    }
    expect(await all({ channel: 'sms' })).toEqual(newestFirst(texts.slice(1)));
    const { rows } = await app.pool.query(`SELECT status FROM undelivered WHERE notification_id = $1`, [
      uuidOf(id),
    ]);
    expect(rows).toEqual([{ status: 'discarded' }]);
    const { body } = await app.request('get', '/v1/admin/audit').query({ target: id }).expect(200);
    expect(body.items).toMatchObject([{ action: 'dead_letter.discard', reason: 'wrong number' }]);
    await app.request('post', `/v1/admin/notifications/${id}/retry`).expect(409);
  });
});
