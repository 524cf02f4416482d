import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../../support/app.js';

const ROWS = 500;
const TYPES = ['welcome', 'order.shipped', 'password.reset'];
const RECIPIENTS = ['ada@example.com', 'grace@example.com', 'Ada@example.com', 'edsger@example.com'];

/** What a row is, as the list should know it. */
interface Known {
  id: string;
  type: string;
  recipient: string;
  business_id: string;
  status: string;
  channel: string;
  provider: string | null;
  created_at: string;
}

type Filters = Partial<
  Record<
    | 'type'
    | 'recipient'
    | 'business_id'
    | 'status'
    | 'channel'
    | 'provider'
    | 'created_after'
    | 'created_before',
    string
  >
>;

describe('the list', () => {
  let app: TestApp;
  let all: Known[];

  beforeAll(async () => {
    app = await startApp();
    const { body: endpoint } = await app
      .request('post', '/v1/endpoints')
      .send({ url: 'https://hooks.example.com/', types: ['*'] });
    const notifications = Array.from({ length: ROWS }, (_, i) => {
      const isHook = i % 3 === 1;
      return {
        type: isHook ? TYPES[i % 2]! : 'welcome',
        recipient: RECIPIENTS[i % RECIPIENTS.length],
        business_id: `b-${i}`,
        channel: isHook ? 'webhook' : 'email',
        to: isHook ? (endpoint.id as string) : 'x@example.com',
        data: { name: 'Ada' },
        ...(i % 5 === 0 ? { send_at: '2100-01-01T00:00:00Z' } : {}),
      };
    });
    const { body } = await app.request('post', '/v1/notifications/batch').send({ notifications }).expect(200);
    const ids = (body.results as { id: string }[]).map((one) => one.id);
    for (const id of ids.filter((_, i) => i % 7 === 0))
      await app.request('post', `/v1/notifications/${id}/cancel`).expect(200);
    // Some went out: their outbox row is gone.
    await app.pool.query(`
      WITH gone AS (DELETE FROM outbox o USING notifications n
                     WHERE n.id = o.notification_id AND n.status = 'accepted' AND hashtext(n.business_id) % 2 = 0 RETURNING o.notification_id)
      UPDATE notifications SET status = 'delivered', provider = CASE channel WHEN 'email' THEN 'mail' ELSE 'webhooks' END
       WHERE id IN (SELECT notification_id FROM gone)`);
    all = await everything();
  });
  afterAll(() => app.stop());

  async function everything(): Promise<Known[]> {
    const items: Known[] = [];
    for await (const page of pages({}, 200)) items.push(...page);
    return items;
  }

  async function* pages(filters: Filters, limit: number): AsyncGenerator<Known[]> {
    let cursor: string | null = null;
    do {
      const { body }: { body: { items: Known[]; next_cursor: string | null } } = await app
        .request('get', '/v1/notifications')
        .query({ ...filters, limit, ...(cursor ? { cursor } : {}) })
        .expect(200);
      expect(body.items.length).toBeLessThanOrEqual(limit);
      yield body.items;
      cursor = body.next_cursor;
    } while (cursor !== null);
  }

  const matches = (row: Known, filters: Filters): boolean =>
    Object.entries(filters).every(([name, value]) => {
      if (name === 'created_after') return row.created_at >= value;
      if (name === 'created_before') return row.created_at < value;
      return row[name as keyof Known] === value;
    });

  /** Every subset of what may be asked for, for one row's values. */
  const combinationsFor = (row: Known): Filters[] => {
    const at = Date.parse(row.created_at);
    const values = Object.entries({
      type: row.type,
      recipient: row.recipient,
      business_id: row.business_id,
      status: row.status,
      channel: row.channel,
      ...(row.provider === null ? {} : { provider: row.provider }),
      created_after: new Date(at).toISOString(),
      created_before: new Date(at + 1).toISOString(),
    });
    return Array.from(
      { length: 2 ** values.length },
      (_, bits) => Object.fromEntries(values.filter((_one, i) => bits & (1 << i))) as Filters,
    );
  };

  const isAllowed = (f: Filters): boolean =>
    (f.business_id === undefined || (f.type !== undefined && f.recipient !== undefined)) &&
    ((f.channel === undefined && f.provider === undefined) ||
      [f.type, f.recipient, f.status, f.created_after].some((one) => one !== undefined));

  it('shows all 500 once, newest first', async () => {
    expect(all).toHaveLength(ROWS);
    expect(new Set(all.map((one) => one.id)).size).toBe(ROWS);
    expect(all.map((one) => one.id)).toEqual([...all.map((one) => one.id)].sort().reverse());
    expect(new Set(all.map((one) => one.status))).toEqual(
      new Set(['accepted', 'scheduled', 'cancelled', 'delivered']),
    );
  });

  it('has no gap and no double, whatever the size of a page', async () => {
    for (const limit of [1, 7, 50, 199, 200]) {
      const seen: string[] = [];
      for await (const page of pages({ type: 'welcome' }, limit)) {
        seen.push(...page.map((one) => one.id));
        if (limit === 1 && seen.length === 20) break;
      }
      const wanted = all.filter((one) => one.type === 'welcome').map((one) => one.id);
      expect(seen).toEqual(wanted.slice(0, limit === 1 ? 20 : undefined));
    }
  });

  it.each(['accepted', 'scheduled', 'cancelled', 'delivered'])(
    'answers every allowed combination around one that is %s',
    async (status) => {
      const sample = all.filter((one) => one.status === status)[3]!;
      for (const filters of combinationsFor(sample).filter(isAllowed)) {
        const seen: string[] = [];
        for await (const page of pages(filters, 97)) seen.push(...page.map((one) => one.id));
        const wanted = all.filter((one) => matches(one, filters)).map((one) => one.id);
        expect({ filters, seen }).toEqual({ filters, seen: wanted });
        expect(seen).toContain(sample.id);
      }
    },
  );

  it('refuses every other combination, and says what is missing', async () => {
    for (const filters of combinationsFor(all.find((one) => one.provider !== null)!).filter(
      (one) => !isAllowed(one),
    )) {
      const { body } = await app.request('get', '/v1/notifications').query(filters).expect(400);
      expect(body.errors[0].message).toContain('beside it');
    }
  });

  it('goes on from its cursor though newer ones have come', async () => {
    const first = await app.request('get', '/v1/notifications').query({ limit: 10 }).expect(200);
    await app.send({
      type: 'welcome',
      recipient: 'new@example.com',
      business_id: 'newer',
      channel: 'email',
      data: { name: 'Ada' },
    });
    const second = await app
      .request('get', '/v1/notifications')
      .query({ limit: 10, cursor: first.body.next_cursor })
      .expect(200);
    expect([...first.body.items, ...second.body.items].map((one: Known) => one.id)).toEqual(
      all.slice(0, 20).map((one) => one.id),
    );
  });
});
