import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';

const LETTER = { type: 'welcome', recipient: 'ada@example.com', channel: 'email', data: { name: 'Ada' } };
const HOUR_MS = 3_600_000;

interface Row {
  id: string;
  status: string;
  lane: string;
  locale: string | null;
  ordering_key: string | null;
  on_in_doubt: string | null;
  created_at: Date;
  send_at: Date | null;
  expires_at: Date | null;
  deadline_at: Date;
  payload: Buffer;
  outbox_channel: string;
  outbox_lane: string;
  kind: string;
  available_at: Date;
  overdue_at: Date;
  ordering_seq: string | null;
  ordered_seq: string | null;
  dispatch: number;
  published_at: Date | null;
}

describe('what the door stores', () => {
  let app: TestApp;
  let count = 0;
  beforeAll(async () => {
    app = await startApp({
      yaml: `${ALL_CHANNELS}types:\n  otp.code: { channel: sms, expires_in: 10m, retry: { deadline: 10m } }\n`,
    });
  });
  afterAll(() => app.stop());

  async function stored(changes: object): Promise<Row> {
    const business_id = `row-${count++}`;
    const { status, body } = await app.send({ ...LETTER, business_id, ...changes });
    expect([status, body]).toEqual([202, expect.anything()]);
    const { rows } = await app.pool.query<Row>(
      `SELECT n.*, o.channel AS outbox_channel, o.lane AS outbox_lane, o.kind, o.available_at, o.overdue_at,
              o.ordering_seq, o.dispatch, o.published_at, q.seq AS ordered_seq
         FROM notifications n JOIN outbox o ON o.notification_id = n.id
         LEFT JOIN ordered q ON q.notification_id = n.id
        WHERE n.business_id = $1`,
      [business_id],
    );
    expect(rows).toHaveLength(1);
    return rows[0]!;
  }
  const ms = (date: Date | null): number => date!.getTime();

  it('owes it now, in its lane, with one outbox row that is not published', async () => {
    const row = await stored({});
    expect(row).toMatchObject({
      status: 'accepted',
      lane: 'transactional',
      outbox_lane: 'transactional',
      outbox_channel: 'email',
      kind: 'first',
    });
    expect(row).toMatchObject({
      dispatch: 0,
      published_at: null,
      send_at: null,
      expires_at: null,
      ordering_seq: null,
      ordered_seq: null,
    });
    expect(row.available_at).toEqual(row.created_at);
    expect(ms(row.deadline_at)).toBe(ms(row.created_at) + 24 * HOUR_MS);
    expect(row.overdue_at).toEqual(row.deadline_at);
  });

  it('keeps what was said: lane, locale, policy', async () => {
    const row = await stored({ lane: 'bulk', locale: 'de-AT', on_in_doubt: 'failover' });
    expect(row).toMatchObject({
      lane: 'bulk',
      outbox_lane: 'bulk',
      locale: 'de-AT',
      on_in_doubt: 'failover',
    });
  });

  it('schedules what is for later, and counts expiry and deadline from then', async () => {
    const sendAt = new Date(Date.now() + 5 * HOUR_MS);
    const row = await stored({ send_at: sendAt.toISOString(), expires_in: '2h' });
    expect(row.status).toBe('scheduled');
    expect(row.available_at).toEqual(sendAt);
    expect(ms(row.expires_at)).toBe(ms(sendAt) + 2 * HOUR_MS);
    expect(ms(row.deadline_at)).toBe(ms(sendAt) + 24 * HOUR_MS);
    expect(row.overdue_at).toEqual(row.expires_at);
  });

  it('takes a time to send that has passed for now', async () => {
    const row = await stored({ send_at: '2020-01-01T00:00:00Z', expires_in: '1h' });
    expect(row.status).toBe('accepted');
    expect(row.available_at).toEqual(row.created_at);
    expect(ms(row.expires_at)).toBe(ms(row.created_at) + HOUR_MS);
  });

  it('reads every offset and fraction of a second that RFC 3339 has', async () => {
    const row = await stored({
      send_at: '2100-06-01T10:00:00.123456+23:59',
      expires_at: '2100-06-01T10:00:00-00:00',
    });
    expect(row.send_at).toEqual(new Date('2100-05-31T10:01:00.123Z'));
    expect(row.expires_at).toEqual(new Date('2100-06-01T10:00:00Z'));
  });

  it('takes the largest durations and times that the contract allows', async () => {
    for (const expires_in of ['999999999ms', '999999999s', '9999999m', '99999h', '99999d']) {
      const row = await stored({ expires_in, send_at: '8999-12-31T23:59:59Z' });
      expect(row.expires_at!.getUTCFullYear()).toBeLessThan(10_000);
    }
  });

  it('ends the wait by whatever comes first, the type’s expiry and deadline included', async () => {
    const otp = { type: 'otp.code', channel: undefined, to: '+4917012345678', data: { code: '1234' } };
    const row = await stored(otp);
    expect(row.outbox_channel).toBe('sms');
    expect(ms(row.expires_at)).toBe(ms(row.created_at) + HOUR_MS / 6);
    expect(ms(row.overdue_at)).toBe(ms(row.created_at) + HOUR_MS / 6);
    const own = await stored({ ...otp, expires_in: '5m' });
    expect(ms(own.overdue_at)).toBe(ms(own.created_at) + HOUR_MS / 12);
  });

  it('draws the place of an ordering key in PostgreSQL, in the order of the answers', async () => {
    const rows: Row[] = [];
    for (let i = 0; i < 5; i++) rows.push(await stored({ ordering_key: 'acct-7' }));
    const places = rows.map((row) => Number(row.ordering_seq));
    expect(rows.map((row) => Number(row.ordered_seq))).toEqual(places);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(new Set(places).size).toBe(5);
  });

  it('keeps address, data and metadata sealed', async () => {
    const row = await stored({
      to: 'secret.address@example.com',
      data: { name: 'secret name' },
      metadata: { note: 'secret note' },
    });
    for (const word of ['secret', 'name', 'note']) expect(row.payload.includes(word)).toBe(false);
    const { body } = await app
      .request('get', `/v1/notifications?recipient=ada@example.com&limit=1`)
      .expect(200);
    expect(body.items[0]).toMatchObject({
      to: 'secret.address@example.com',
      metadata: { note: 'secret note' },
    });
  });

  it('wakes the relays with the commit', async () => {
    const client = await app.pool.connect();
    try {
      const woken = new Promise<void>((resolve) => client.once('notification', () => resolve()));
      await client.query('LISTEN posthaste_outbox');
      await stored({});
      await woken;
      await client.query('UNLISTEN *');
    } finally {
      client.release();
    }
  });
});
