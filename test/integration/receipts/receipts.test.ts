import { createHash, randomUUID } from 'node:crypto';

import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';
import { Receipts } from '../../../src/receipts/receipts.service.js';
import { addressHashOf } from '../../../src/suppressions/address-hash.js';
import { startApp, type TestApp } from '../../support/app.js';
import {
  genericCallback,
  genericSecret,
  sendgridCallback,
  sendgridKeys,
  type SignedCallback,
  twilioCallback,
} from '../../support/callbacks.js';
import { letters, outboxOf, settle, uuidOf } from '../../support/settled.js';
import { waitFor } from '../../support/wait-for.js';

const SECRET = genericSecret();
const OTHER_SECRET = genericSecret();
const TOKEN = 'a.very+secret/token';
const PUBLIC_URL = 'https://notify.acme.example/hooks';
const KEYS = sendgridKeys();
const FROM = 'from: "Test <test@posthaste.example>"';
const YAML = `
providers:
  - { name: mail, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", ${FROM}, callbacks: { kind: generic, secret: "${SECRET}" } }
  - { name: other, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", ${FROM}, priority: 2, callbacks: { kind: generic, secret: "${OTHER_SECRET}" } }
  - { name: grid, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", ${FROM}, priority: 3, callbacks: { kind: sendgrid, public_key: "${KEYS.publicKey}" } }
  - { name: mute, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", ${FROM}, priority: 4 }
  - { name: texts, channel: sms, kind: twilio, base_url: "http://127.0.0.1:9", account_sid: AC1, auth_token: "${TOKEN}", from: "+15005550006" }
`;

describe('receipts from providers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ yaml: YAML, env: { PUBLIC_URL } });
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    await app.pool.query(`TRUNCATE suppressions, suppression_strikes`); // what one test bounced, the next may write to
  });

  const call = async (provider: string, { body, headers }: SignedCallback, query = '') =>
    (await app.bare('post', `/v1/callbacks/${provider}${query}`).set(headers).send(body)).status;
  const report = (body: object, more: { id?: string; at?: Date } = {}) =>
    call('mail', genericCallback(SECRET, body, more));
  const story = async (id: string) => (await app.request('get', `/v1/notifications/${id}`).expect(200)).body;
  const statusOf = async (id: string): Promise<string> => (await story(id)).status as string;
  const receiptsIn = (body: { history: { event: string; receipt?: string }[] }) =>
    body.history.filter(({ event }) => event === 'receipt').map(({ receipt }) => receipt);
  const count = async (sql: string): Promise<number> =>
    (await app.pool.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${sql}`)).rows[0]!.n;
  const counted = async (provider: string, result: string): Promise<number> => {
    const { text } = await app.bare('get', '/metrics');
    return Number(
      new RegExp(`posthaste_receipts_total\\{provider="${provider}",result="${result}"\\} (\\d+)`).exec(
        text,
      )?.[1] ?? 0,
    );
  };
  const upkeep = () => app.posthaste.app.get(Receipts).settlePending(app.pool, 3_600_000);
  const one = async (ending: Parameters<typeof settle>[2], more: object = {}): Promise<string> => {
    const [id] = await letters(app, 1, () => more);
    await settle(app, [id!], { attempts: 1, ...ending });
    return id!;
  };
  /** Its one attempt became a message that the provider knows as `providerMessageId`. */
  const knownAs = async (id: string, providerMessageId: string, provider = 'mail') => {
    await app.pool.query(`UPDATE notifications SET provider_message_id = $2 WHERE id = $1`, [
      uuidOf(id),
      providerMessageId,
    ]);
    await app.pool.query(
      `INSERT INTO provider_messages (provider, provider_message_id, notification_id) VALUES ($1, $2, $3)`,
      [provider, providerMessageId, uuidOf(id)],
    );
  };

  describe('move a status forward, and only forward', () => {
    it('settles what was sent as delivered, and shows who said so and when', async () => {
      const id = await one({ status: 'sent' });
      expect(await story(id)).toMatchObject({ next: { action: 'wait', waiting_for: 'receipt' } });
      expect(await report({ id, status: 'delivered', at: '2026-11-22T09:00:00Z', code: 'dlv-0' })).toBe(204);
      const told = await story(id);
      expect(told).toMatchObject({ status: 'delivered', next: { action: 'none' } });
      expect(told.history.at(-1)).toMatchObject({
        event: 'receipt',
        provider: 'mail',
        receipt: 'delivered',
        reported_at: '2026-11-22T09:00:00.000Z',
        code: 'receipt_dlv_0',
      });
    });

    it('settles what was sent as bounced, where operators find it', async () => {
      const id = await one({ status: 'sent' });
      expect(await report({ id, status: 'bounced', code: '5.1.1', hard: true })).toBe(204);
      const told = await story(id);
      expect(told).toMatchObject({ status: 'bounced' });
      expect(told.history.at(-1)).toMatchObject({
        event: 'bounced',
        class: 'suppress',
        code: 'receipt_5.1.1',
      });
      expect(await count(`undelivered WHERE status = 'bounced' AND notification_id = '${uuidOf(id)}'`)).toBe(
        1,
      );
    });

    it.each([
      ['delivered', 'bounced'],
      ['bounced', 'delivered'],
      ['delivered', 'complaint'],
    ])('keeps %s when %s comes after it, and tells both', async (first, second) => {
      const id = await one({ status: 'sent' });
      await report({ id, status: first });
      await report({ id, status: second });
      const told = await story(id);
      expect(told.status).toBe(first);
      expect(receiptsIn(told)).toEqual([first, second]);
    });

    it.each(['dead'] as const)('leaves alone what is %s', async (status) => {
      const id = await one({ status });
      expect(await report({ id, status: 'delivered' })).toBe(204);
      expect(await statusOf(id)).toBe(status);
    });

    it('takes a callback that comes ten times at once as one', async () => {
      const id = await one({ status: 'sent' });
      const before = await counted('mail', 'duplicate');
      const same = genericCallback(SECRET, { id, status: 'delivered' });
      const statuses = await Promise.all(Array.from({ length: 10 }, () => call('mail', same)));
      expect(new Set(statuses)).toEqual(new Set([204]));
      expect(receiptsIn(await story(id))).toEqual(['delivered']);
      expect((await counted('mail', 'duplicate')) - before).toBe(9);
    });
  });

  describe('end a doubt', () => {
    it.each(['delivered', 'bounced'] as const)('with %s', async (status) => {
      const id = await one({ status: 'in_doubt', code: 'dropped' });
      expect(await report({ id, status })).toBe(204);
      expect(await statusOf(id)).toBe(status);
      expect(await count(`undelivered WHERE notification_id = '${uuidOf(id)}'`)).toBe(
        status === 'bounced' ? 1 : 0,
      );
    });

    it('with Twilio’s “queued”: it has the text, so it was sent', async () => {
      const [id] = await letters(app, 1, () => SMS());
      await settle(app, [id!], { status: 'in_doubt', provider: 'texts', attempts: 1 });
      expect(await texted(id!, { MessageStatus: 'queued' })).toBe(204);
      expect(await statusOf(id!)).toBe('sent');
      expect(await story(id!)).toMatchObject({ provider_message_id: 'SM1' });
      expect(await texted(id!, { MessageStatus: 'delivered' })).toBe(204);
      expect(await texted(id!, { MessageStatus: 'sent' })).toBe(204);
      expect(await statusOf(id!)).toBe('delivered');
    });

    it('and free the ordering key that it held', async () => {
      const id = await one({ status: 'in_doubt' }, { ordering_key: `acct-${randomUUID()}` });
      expect(await count(`ordered WHERE notification_id = '${uuidOf(id)}'`)).toBe(1);
      await report({ id, status: 'delivered' });
      expect(await count(`ordered WHERE notification_id = '${uuidOf(id)}'`)).toBe(0);
    });

    it('and take away the retry that waits after it', async () => {
      const id = await waitsAfterDoubt();
      expect(await outboxOf(app, id)).toBeDefined();
      await report({ id, status: 'delivered' });
      expect(await outboxOf(app, id)).toBeUndefined();
      expect(await statusOf(id)).toBe('delivered');
    });

    it('but not the retry of what surely was not sent', async () => {
      const id = await waitsAfterDoubt('not_sent');
      await report({ id, status: 'delivered' });
      expect(await outboxOf(app, id)).toBeDefined();
      expect(await statusOf(id)).toBe('retrying');
    });

    it('but not while somebody claims the retry: the claim decides, and the receipt comes later', async () => {
      const id = await waitsAfterDoubt();
      const worker = await app.pool.connect();
      try {
        await worker.query('BEGIN');
        await worker.query(`DELETE FROM outbox WHERE notification_id = $1`, [uuidOf(id)]);
        expect(await report({ id, status: 'delivered' })).toBe(204);
        await worker.query(
          `UPDATE notifications SET status = 'sending', worker_id = $2, dispatch = 2, attempts = 2, tries = 2 WHERE id = $1`,
          [uuidOf(id), randomUUID()],
        );
        await worker.query('COMMIT');
      } finally {
        worker.release();
      }
      expect(await statusOf(id)).toBe('sending');
      expect(await count(`receipts WHERE settled_at IS NULL AND notification_id = '${uuidOf(id)}'`)).toBe(1);
    });

    const waitsAfterDoubt = async (outcome = 'in_doubt'): Promise<string> => {
      const id = await one({ status: 'in_doubt' });
      await app.pool.query(`UPDATE attempts SET outcome = $2 WHERE notification_id = $1`, [
        uuidOf(id),
        outcome,
      ]);
      await app.pool.query(`DELETE FROM undelivered WHERE notification_id = $1`, [uuidOf(id)]);
      await app.pool.query(`UPDATE notifications SET status = 'retrying' WHERE id = $1`, [uuidOf(id)]);
      await app.pool.query(
        `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, provider, dispatch)
         VALUES ($1, 'email', 'transactional', 'retry', now() + interval '15 min', now() + interval '1 day', 'mail', 1)`,
        [uuidOf(id)],
      );
      return id;
    };
  });

  describe('that come too early', () => {
    it('wait while a worker holds the notification, and count once its outcome is recorded', async () => {
      const id = await one({ status: 'sent' });
      await app.pool.query(`UPDATE notifications SET status = 'sending', worker_id = $2 WHERE id = $1`, [
        uuidOf(id),
        randomUUID(),
      ]);
      expect(await report({ id, status: 'delivered' })).toBe(204);
      await upkeep();
      expect(await statusOf(id)).toBe('sending');
      await app.pool.query(`UPDATE notifications SET status = 'sent', worker_id = NULL WHERE id = $1`, [
        uuidOf(id),
      ]);
      expect(await upkeep()).toMatchObject({ settled: 1 });
      expect(await statusOf(id)).toBe('delivered');
      expect(await upkeep()).toMatchObject({ settled: 0 });
    });

    it('wait for the message’s id, when they name nothing else', async () => {
      const id = await one({ status: 'sent' });
      expect(await report({ provider_message_id: 'early-1', status: 'delivered' })).toBe(204);
      expect(await upkeep()).toMatchObject({ adopted: 0 });
      expect(await statusOf(id)).toBe('sent');
      await knownAs(id, 'early-1');
      expect(await upkeep()).toMatchObject({ adopted: 1, settled: 1 });
      expect(await statusOf(id)).toBe('delivered');
    });

    it('are forgotten after an hour when nobody here sent that message', async () => {
      await report({ provider_message_id: 'foreign', status: 'delivered' });
      await app.pool.query(
        `UPDATE receipts SET received_at = now() - interval '2 hours' WHERE provider_message_id = 'foreign'`,
      );
      expect(await upkeep()).toMatchObject({ forgotten: 1 });
      expect(await count(`receipts WHERE provider_message_id = 'foreign'`)).toBe(0);
    });
  });

  describe('speak only of their own', () => {
    it('one provider says nothing of another’s messages', async () => {
      const id = await one({ status: 'sent' });
      expect(await call('other', genericCallback(OTHER_SECRET, { id, status: 'bounced' }))).toBe(204);
      expect(await statusOf(id)).toBe('sent');
      expect(receiptsIn(await story(id))).toEqual([]);
    });

    it('a bounce of one message does not bounce the other that was made after a doubt', async () => {
      const id = await one({ status: 'sent', attempts: 2 });
      await app.pool.query(
        `UPDATE attempts SET outcome = 'in_doubt' WHERE notification_id = $1 AND number = 1`,
        [uuidOf(id)],
      );
      await knownAs(id, 'second');
      await report({ id, provider_message_id: 'first', status: 'bounced' });
      expect(await statusOf(id)).toBe('sent');
      await report({ id, provider_message_id: 'second', status: 'bounced' });
      expect(await statusOf(id)).toBe('bounced');
    });

    it('one that was called in vain says nothing of what another then sent', async () => {
      const id = await one({ status: 'sent', provider: 'other', attempts: 2 });
      await app.pool.query(
        `UPDATE attempts SET provider = 'mail' WHERE notification_id = $1 AND number = 1`,
        [uuidOf(id)],
      );
      await report({ id, status: 'bounced' });
      expect(await statusOf(id)).toBe('sent');
    });

    it('takes what it does not know, counts it, and keeps nothing of it', async () => {
      const before = [await counted('mail', 'unknown'), await count('receipts')];
      const [stranger] = await letters(app, 1);
      expect(await report({ id: 'ntf_00000000000000000000000000', status: 'delivered' })).toBe(204);
      expect(await report({ id: stranger, status: 'delivered' })).toBe(204); // accepted, and nobody was called for it
      expect([await counted('mail', 'unknown'), await count('receipts')]).toEqual([
        before[0]! + 2,
        before[1],
      ]);
    });
  });

  describe('that are forged', () => {
    let id: string;
    beforeEach(async () => {
      id = await one({ status: 'sent' });
    });

    it('are refused with 401, counted, and change nothing', async () => {
      const before = await counted('mail', 'forged');
      const right = genericCallback(SECRET, { id, status: 'bounced' });
      const forgeries: SignedCallback[] = [
        genericCallback(OTHER_SECRET, { id, status: 'bounced' }),
        { ...right, body: right.body.replace('bounced', 'delivered') },
        { ...right, body: `${right.body} ` },
        { ...right, headers: { ...right.headers, 'webhook-id': 'msg_other' } },
        { ...right, headers: { ...right.headers, 'webhook-signature': 'v1,' } },
        { ...right, headers: { 'content-type': 'application/json' } },
        genericCallback(SECRET, { id, status: 'bounced' }, { at: new Date(Date.now() - 600_000) }),
        genericCallback(SECRET, { id, status: 'bounced' }, { at: new Date(Date.now() + 600_000) }),
      ];
      for (const forgery of forgeries) expect(await call('mail', forgery)).toBe(401);
      expect((await counted('mail', 'forged')) - before).toBe(forgeries.length);
      expect(await statusOf(id)).toBe('sent');
    });

    it('are not met where nobody reports', async () => {
      expect(await call('mute', genericCallback(SECRET, { id, status: 'delivered' }))).toBe(404);
      expect(await call('nobody', genericCallback(SECRET, { id, status: 'delivered' }))).toBe(404);
    });
  });

  describe('in hostile bodies', () => {
    const signed = (body: string) => genericCallback(SECRET, body);

    it.each([
      ['no JSON', '{'],
      ['an array', '[]'],
      ['nothing', ''],
      ['another status', '{"provider_message_id":"x","status":"sent"}'],
      ['an id that is none', '{"id":"ntf_x","status":"delivered"}'],
      ['nobody', '{"status":"delivered"}'],
      ['an id with a line break', '{"provider_message_id":"a\\nb","status":"delivered"}'],
      ['an id with a NUL', '{"provider_message_id":"a\\u0000","status":"delivered"}'],
      ['an address that was delivered to', '{"address":"ada@example.com","status":"delivered"}'],
      ['100,000 levels', '['.repeat(100_000)],
      ['a prototype', '{"__proto__":{"id":"x"},"status":"delivered"}'],
    ])('refuses %s with 400, signed as it is', async (_, body) => {
      expect(await call('mail', signed(body))).toBe(400);
      expect(({} as { id?: string }).id).toBeUndefined();
    });

    it('takes a time from another age as now, and no sentence for a code', async () => {
      const id = await one({ status: 'sent' });
      await report({
        id,
        status: 'delivered',
        at: '+275760-09-13T00:00:00.000Z',
        code: 'to ada@example.com\u0000',
      });
      const entry = (await story(id)).history.at(-1);
      expect(entry.code).toBe('receipt_delivered');
      expect(Math.abs(Date.parse(entry.reported_at) - Date.now())).toBeLessThan(600_000);
    });

    it('refuses more than a megabyte, other media types and compression before it looks at a signature', async () => {
      const { headers } = signed('{}');
      const status = async (body: string, more: Record<string, string>) =>
        (
          await app
            .bare('post', '/v1/callbacks/mail')
            .set({ ...headers, ...more })
            .send(body)
        ).status;
      expect(await status('x'.repeat(1_100_000), {})).toBe(413);
      expect(await status('x'.repeat(1_100_000), { 'content-type': 'text/plain' })).toBe(413);
      expect(await status('<a/>', { 'content-type': 'application/xml' })).toBe(415);
      expect(await status('{}', { 'content-encoding': 'gzip' })).toBe(415);
    });

    it('leaves the other paths as strict as they were', async () => {
      const { status } = await app
        .request('post', '/v1/notifications')
        .set('content-type', 'text/plain')
        .send('{}');
      expect(status).toBe(415);
    });
  });

  const SMS = () => ({
    type: 'otp.code',
    recipient: '+4917012345678',
    channel: 'sms',
    data: { code: '1234', valid_minutes: 5 },
  });
  const texted = (id: string, params: Record<string, string>) => {
    const query = `?notification_id=${id}`;
    const url = `${PUBLIC_URL}/v1/callbacks/texts${query}`;
    return call(
      'texts',
      twilioCallback(TOKEN, url, { MessageSid: 'SM1', AccountSid: 'AC1', ...params }),
      query,
    );
  };

  describe('from Twilio', () => {
    it.each(['undelivered', 'failed'])('bounce what is %s, with its error’s class', async (MessageStatus) => {
      const [id] = await letters(app, 1, SMS);
      await settle(app, [id!], { status: 'sent', provider: 'texts', attempts: 1 });
      const MessageSid = `SM${randomUUID().replaceAll('-', '')}`;
      expect(await texted(id!, { MessageStatus, MessageSid, ErrorCode: '30006' })).toBe(204);
      const told = await story(id!);
      expect(told.status).toBe('bounced');
      expect(told.history.at(-1)).toMatchObject({ class: 'suppress', code: 'twilio_30006' });
    });

    it('cannot be sent again under another notification’s id', async () => {
      const [mine, other] = await letters(app, 2, SMS);
      await settle(app, [mine!, other!], { status: 'sent', provider: 'texts', attempts: 1 });
      const url = `${PUBLIC_URL}/v1/callbacks/texts?notification_id=${mine}`;
      const right = twilioCallback(TOKEN, url, { MessageSid: 'SM2', MessageStatus: 'failed' });
      expect(await call('texts', right, `?notification_id=${other}`)).toBe(401);
      expect(await statusOf(other!)).toBe('sent');
    });

    it('hear STOP and START once each, and keep no number', async () => {
      const url = `${PUBLIC_URL}/v1/callbacks/texts`;
      const inbound = (MessageSid: string, Body: string) =>
        call(
          'texts',
          twilioCallback(TOKEN, url, { MessageSid, Body, From: '+4917012345678', SmsStatus: 'received' }),
        );
      for (const [sid, text] of [
        ['SMa', ' stop. '],
        ['SMa', ' stop. '],
        ['SMb', 'Start'],
        ['SMc', 'please stop by'],
      ] as const) {
        expect(await inbound(sid, text)).toBe(204);
        expect(await count(`suppressions WHERE reason = 'stop'`)).toBe(sid === 'SMa' ? 1 : 0);
      }
      const { rows } = await app.pool.query(
        `SELECT kind FROM receipts WHERE kind IN ('stop', 'start') AND provider = 'texts' ORDER BY id`,
      );
      expect(rows).toEqual([{ kind: 'stop' }, { kind: 'start' }]);
      const { text } = await app.bare('get', '/metrics');
      expect(text).toContain('posthaste_receipt_verdicts_total{channel="sms",verdict="stop"} 1');
      expect(text).toContain('posthaste_receipt_verdicts_total{channel="sms",verdict="start"} 1');
      const stored = await app.pool.query(`SELECT r::text AS row FROM receipts r`);
      expect(JSON.stringify(stored.rows)).not.toContain('4917012345678');
    });
  });

  describe('about an address', () => {
    const accepted = async (more: object) => {
      const letter = { type: 'welcome', business_id: randomUUID(), data: { name: 'Ada' } };
      return (await app.send({ ...letter, ...more })).body as { id: string; status: string };
    };

    it.each([
      ['a hard bounce', { status: 'bounced', hard: true }, 'suppressed'],
      ['a complaint', { status: 'complaint' }, 'suppressed'],
      ['an unsubscribe', { status: 'stop' }, 'suppressed'],
      ['a bounce of this mail alone', { status: 'bounced' }, 'accepted'],
      ['a delivery', { status: 'delivered' }, 'accepted'],
    ])('%s is heard at the door', async (_, word, expected) => {
      const mail = { channel: 'email', recipient: `${randomUUID()}@example.com` };
      const { id } = await accepted(mail);
      await settle(app, [id], { status: 'sent', attempts: 1 });
      await report({ id, ...word });
      expect((await accepted(mail)).status).toBe(expected);
    });

    it('who resubscribes is written to again; who complained is not', async () => {
      const mail = { channel: 'email', recipient: `${randomUUID()}@example.com` };
      const { id } = await accepted(mail);
      await settle(app, [id], { status: 'sent', attempts: 1 });
      await report({ id, status: 'stop' });
      await report({ id, status: 'start' });
      expect((await accepted(mail)).status).toBe('accepted');
      await report({ id, status: 'complaint' });
      await report({ id, status: 'start' });
      expect((await accepted(mail)).status).toBe('suppressed');
    });

    it('a handset out of reach is given up only after three texts', async () => {
      const phone = { ...SMS(), recipient: '+4917098765432' };
      for (const [round, expected] of ['accepted', 'accepted', 'suppressed'].entries()) {
        const { id } = await accepted(phone);
        await settle(app, [id], { status: 'sent', provider: 'texts', attempts: 1 });
        await texted(id, { MessageStatus: 'undelivered', MessageSid: `SMr${round}`, ErrorCode: '30003' });
        expect([round, (await accepted(phone)).status]).toEqual([round, expected]);
      }
    });
  });

  it.each([
    [['unsubscribe', 'group_resubscribe'], 0],
    [['group_resubscribe', 'unsubscribe'], 12],
  ])(
    'hears what people said in one batch in the order in which they said it: %j',
    async (said, suppressed) => {
      const ids = await letters(app, 12, () => ({ recipient: `${randomUUID()}@example.com` }));
      await settle(app, ids, { status: 'sent', provider: 'grid', attempts: 1 });
      const events = ids.flatMap((notification_id) =>
        said.map((event, i) => ({
          event,
          sg_message_id: `${randomUUID()}.z`,
          notification_id,
          timestamp: 1_700_000_000 + i,
        })),
      );
      expect(await call('grid', sendgridCallback(KEYS.privateKey, events))).toBe(204);
      expect(await count('suppressions')).toBe(suppressed);
    },
  );

  it('takes two batches of SendGrid’s about the same people in crossed order, and neither is in the other’s way', async () => {
    const ids = await letters(app, 2, () => ({ recipient: `${randomUUID()}@example.com` }));
    await settle(app, ids, { status: 'sent', provider: 'grid', attempts: 1 });
    const hasher = app.posthaste.app.get(KeyedHasher, { strict: false });
    const people = await Promise.all(
      ids.map(async (id) => {
        const { to } = await story(id);
        return { id, to, hash: addressHashOf(hasher, 'email', to) };
      }),
    );
    const [first, second] = people.sort((a, b) => (a.hash < b.hash ? -1 : 1));
    const suppress = (client: Pick<PoolClient, 'query'>, { hash }: { hash: string }) =>
      client.query(
        `INSERT INTO suppressions (id, channel, address_hash, type, reason, source)
         VALUES (gen_random_uuid(), 'email', decode($1, 'hex'), '', 'complaint', 'provider grid')
         ON CONFLICT DO NOTHING`,
        [hash],
      );
    const complaint = ({ id }: { id: string }, sg_message_id: string) => ({
      event: 'spamreport',
      sg_message_id,
      notification_id: id,
      timestamp: 1_700_000_000,
    });
    // Receipts are stored in the order of this hash; the first address is not to be first by chance.
    const keyOf = (id: string) =>
      createHash('sha256')
        .update(JSON.stringify(['grid', `${id}:spamreport:1700000000`]))
        .digest('hex');
    const [early, late] = ['x1.y', 'x2.y'].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const other = await app.pool.connect();
    try {
      await other.query('BEGIN'); // the other batch, in the order of the hashes: it has the first address
      await suppress(other, first!);
      const called = call(
        'grid',
        sendgridCallback(KEYS.privateKey, [complaint(second!, early!), complaint(first!, late!)]),
      );
      await waitFor(
        async () => (await count(`pg_locks WHERE NOT granted AND locktype = 'transactionid'`)) > 0,
      );
      await suppress(other, second!); // a deadlock, if the callback took the second before it waited for the first
      await other.query('COMMIT');
      expect(await called).toBe(204);
    } finally {
      other.release(true);
    }
    expect(await count(`suppressions WHERE reason = 'complaint'`)).toBe(2);
  });

  it('takes a batch of SendGrid’s: each event where it belongs, a repetition nowhere', async () => {
    const ids = await letters(app, 3);
    await settle(app, ids, { status: 'sent', provider: 'grid', attempts: 1 });
    const [delivered, bounced, complained] = ids;
    const at = 1_700_000_000;
    const events = [
      {
        event: 'processed',
        sg_message_id: 'aaa.filter1.2',
        'smtp-id': `<${delivered}@posthaste.example>`,
        timestamp: at,
      },
      {
        event: 'delivered',
        sg_message_id: 'aaa.filter1.2',
        'smtp-id': `<${delivered}@posthaste.example>`,
        timestamp: at + 1,
      },
      { event: 'bounce', type: 'bounce', sg_message_id: 'bbb.x', notification_id: bounced, timestamp: at },
      { event: 'delivered', sg_message_id: 'ccc.x', notification_id: complained, timestamp: at },
      { event: 'spamreport', sg_message_id: 'ccc.x', notification_id: complained, timestamp: at + 9 },
      { event: 'open', sg_message_id: 'ccc.x', notification_id: complained, timestamp: at + 5 },
      { event: 'delivered', sg_message_id: 'zzz.x', 'smtp-id': '<abc@elsewhere>', timestamp: at },
      null,
    ];
    const again = events.map((event) => (event ? { ...event, sg_event_id: randomUUID() } : event));
    expect(await call('grid', sendgridCallback(KEYS.privateKey, events as object[]))).toBe(204);
    const before = await count('receipts');
    expect(await call('grid', sendgridCallback(KEYS.privateKey, again as object[]))).toBe(204);
    expect(await count('receipts')).toBe(before);
    expect(await Promise.all(ids.map(statusOf))).toEqual(['delivered', 'bounced', 'delivered']);
    expect(receiptsIn(await story(complained!))).toEqual(['delivered', 'complaint']);
    expect(await counted('grid', 'duplicate')).toBe(6);
  });
});
