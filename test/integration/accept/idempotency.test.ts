import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ALL_CHANNELS, type Answer, startApp, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/wait-for.js';

const LETTER = {
  type: 'welcome',
  recipient: 'ada@example.com',
  business_id: 'one',
  channel: 'email',
  data: { name: 'Ada' },
};

describe('a key is accepted once', () => {
  let app: TestApp;
  let templates: string;
  beforeAll(async () => {
    templates = mkdtempSync(join(tmpdir(), 'posthaste-templates-'));
    cpSync('templates', templates, { recursive: true });
    app = await startApp({ env: { TEMPLATES_DIR: templates } });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(templates, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await app.pool.query('TRUNCATE notifications, outbox, ordered, attempts, undelivered');
  });

  const send = (changes: object = {}): Promise<Answer> => app.send({ ...LETTER, ...changes });
  const counts = async () => {
    const { rows } = await app.pool.query<{ notifications: number; outbox: number }>(
      `SELECT (SELECT count(*)::integer FROM notifications) AS notifications, (SELECT count(*)::integer FROM outbox) AS outbox`,
    );
    return rows[0]!;
  };

  it('answers 1,000 identical requests at once with one 202 and 999 × 200, and stores one row', async () => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => send()));
    expect(answers.filter((one) => one.status === 202)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 200)).toHaveLength(999);
    expect(new Set(answers.map((one) => one.body.id)).size).toBe(1);
    expect(answers.filter((one) => one.body.duplicate)).toHaveLength(999);
    expect(await counts()).toEqual({ notifications: 1, outbox: 1 });
  });

  it('lets one of 200 different contents with the same key win, and tells the others', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => send({ data: { name: `Ada ${i}` } })),
    );
    expect(answers.filter((one) => one.status === 202)).toHaveLength(1);
    const losers = answers.filter((one) => one.status === 409);
    expect(losers).toHaveLength(199);
    const winner = answers.find((one) => one.status === 202)!.body.id;
    for (const { body } of losers)
      expect(body).toMatchObject({ code: 'idempotency_conflict', id: winner, fields: ['data'] });
    expect(await counts()).toEqual({ notifications: 1, outbox: 1 });
  });

  it.each([
    [
      'channel',
      { channel: 'sms', to: '+4917012345678', template: 'otp.code' },
      ['channel', 'to', 'template'],
    ],
    ['to', { to: 'grace@example.com' }, ['to']],
    ['data', { data: { name: 'Grace' } }, ['data']],
    ['data left out', { data: undefined }, ['data']],
    ['template', { template: 'password.reset' }, ['template']],
    ['locale', { locale: 'de' }, ['locale']],
    ['lane', { lane: 'bulk' }, ['lane']],
    ['send_at', { send_at: '2100-01-01T00:00:00Z' }, ['send_at']],
    ['expires_at', { expires_at: '2100-01-01T00:00:00Z' }, ['expires_at']],
    ['expires_in', { expires_in: '1h' }, ['expires_in']],
    ['on_in_doubt', { on_in_doubt: 'park' }, ['on_in_doubt']],
    ['ordering_key', { ordering_key: 'k' }, ['ordering_key']],
    ['several', { lane: 'bulk', locale: 'de', expires_in: '1h' }, ['locale', 'lane', 'expires_in']],
  ])('answers 409 for another %s, names it, and changes nothing', async (_, changes, fields) => {
    const { body: first } = await send();
    const before = await app.request('get', `/v1/notifications/${first.id}`);
    const answer = await send(changes);
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'idempotency_conflict', id: first.id, fields });
    expect((await app.request('get', `/v1/notifications/${first.id}`)).body).toEqual(before.body);
    expect(await counts()).toEqual({ notifications: 1, outbox: 1 });
  });

  it.each([
    ['metadata', { metadata: { team: 'billing' } }, {}],
    ['the default lane', { lane: 'transactional' }, {}],
    ['the recipient as the address', { to: 'ada@example.com' }, {}],
    ['the type as the template', { template: 'welcome' }, {}],
    [
      'the order of fields',
      { data: { b: { d: 1, c: [1, { f: 1, e: 2 }] }, name: 'Ada' } },
      { data: { name: 'Ada', b: { c: [1, { e: 2, f: 1 }], d: 1 } } },
    ],
  ])('does not count %s as content', async (_, first, second) => {
    const { body } = await send(first);
    expect(await send(second)).toMatchObject({ status: 200, body: { id: body.id, duplicate: true } });
    expect(await send(first)).toMatchObject({ status: 200, body: { id: body.id } });
  });

  it('counts the order of a list, and a number that became text, as content', async () => {
    await send({ data: { name: 'Ada', list: [1, 2] } });
    expect((await send({ data: { name: 'Ada', list: [2, 1] } })).status).toBe(409);
    expect((await send({ data: { name: 'Ada', list: ['1', 2] } })).status).toBe(409);
  });

  it('compares keys byte for byte, and does not mix up where one ends', async () => {
    const keys = [
      { recipient: 'ab@example.com', business_id: 'c' },
      { recipient: 'AB@example.com', business_id: 'c' },
      { recipient: 'ab@example.com', business_id: 'C' },
      { recipient: 'ab@example.com', business_id: ' c' },
      { recipient: 'ab@example.com', business_id: 'é' },
      { recipient: 'ab@example.com', business_id: 'e\u0301' },
      { recipient: 'ab@example.comc', business_id: 'd' },
      { recipient: 'ab@example.com', business_id: 'cd' },
    ];
    const answers = await Promise.all(keys.map((key) => send({ ...key, to: 'x@example.com' })));
    expect(answers.map((one) => one.status)).toEqual(keys.map(() => 202));
    expect(new Set(answers.map((one) => one.body.id)).size).toBe(keys.length);
  });

  it('settles crossed duplicates of concurrent groups without a deadlock', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => ({ business_id: `crossed-${i}` }));
    const answers = await Promise.all([...keys, ...[...keys].reverse(), ...keys].map((key) => send(key)));
    expect(answers.filter((one) => one.status === 202)).toHaveLength(300);
    expect(answers.filter((one) => one.status === 200)).toHaveLength(600);
    expect(await counts()).toEqual({ notifications: 300, outbox: 300 });
  });

  it('settles crossed duplicates of concurrent batches, too', async () => {
    const notifications = Array.from({ length: 1_000 }, (_, i) => ({
      ...LETTER,
      business_id: `crossed-${i}`,
    }));
    const answers = await Promise.all(
      [notifications, [...notifications].reverse(), notifications].map((all) =>
        app.request('post', '/v1/notifications/batch').send({ notifications: all }),
      ),
    );
    const statuses = answers.flatMap((one) =>
      (one.body.results as { http_status: number }[]).map((item) => item.http_status),
    );
    expect(statuses.filter((status) => status === 202)).toHaveLength(1_000);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2_000);
    expect(await counts()).toEqual({ notifications: 1_000, outbox: 1_000 });
  });

  it('shows an error only to the caller whose row PostgreSQL refuses', async () => {
    await app.pool.query(
      `ALTER TABLE notifications ADD CONSTRAINT no_thirteen CHECK (business_id NOT LIKE 'guilty-%')`,
    );
    try {
      const ids = Array.from({ length: 100 }, (_, i) => (i % 25 === 13 ? `guilty-${i}` : `innocent-${i}`));
      const answers = await Promise.all(ids.map((business_id) => send({ business_id })));
      answers.forEach((one, i) =>
        expect([ids[i], one.status]).toEqual([ids[i], ids[i]!.startsWith('guilty') ? 500 : 202]),
      );
      expect(await counts()).toEqual({ notifications: 96, outbox: 96 });
      const guilty = answers.find((one) => one.status === 500)!;
      expect(JSON.stringify(guilty.body)).not.toMatch(/guilty|no_thirteen|constraint/);
    } finally {
      await app.pool.query(`ALTER TABLE notifications DROP CONSTRAINT no_thirteen`);
    }
  });

  it('stores nothing of 200 whose template cannot be filled', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => send({ business_id: `${i}`, data: {} })),
    );
    for (const one of answers) {
      expect(one.status).toBe(422);
      expect(one.body).toMatchObject({ code: 'template_error', errors: [{ path: '/data/name' }] });
    }
    expect(await counts()).toEqual({ notifications: 0, outbox: 0 });
  });

  describe('when the configuration has changed since', () => {
    const stays = async (id: string): Promise<void> => {
      expect(await send()).toMatchObject({ status: 200, body: { id, duplicate: true } });
      expect(await send({ lane: 'bulk' })).toMatchObject({ status: 409, body: { id, fields: ['lane'] } });
    };

    it('answers a known key before it looks for its template', async () => {
      const { body } = await send();
      rmSync(join(templates, 'welcome'), { recursive: true });
      await app.restart({});
      await stays(body.id);
      expect(await send({ business_id: 'new' })).toMatchObject({
        status: 422,
        body: { code: 'no_template' },
      });
      cpSync('templates/welcome', join(templates, 'welcome'), { recursive: true });
    });

    it('answers a known key before it looks for a provider', async () => {
      await app.restart({});
      const { body } = await send();
      await app.restart({ yaml: 'providers:\n  - { name: webhooks, channel: webhook, kind: http }\n' });
      await stays(body.id);
      expect(await send({ business_id: 'new' })).toMatchObject({
        status: 422,
        body: { code: 'no_provider' },
      });
    });

    it('answers a known key though its type names another channel by now', async () => {
      const yaml = (channel: string): string =>
        `${ALL_CHANNELS}types:\n  welcome: { channel: ${channel}, expires_in: 1h }\n`;
      await app.restart({ yaml: yaml('email') });
      const { body } = await send({ channel: undefined });
      await app.restart({ yaml: yaml('sms') });
      expect(await send({ channel: undefined })).toMatchObject({ status: 200, body: { id: body.id } });
      expect(await send({ channel: undefined, lane: 'bulk' })).toMatchObject({
        status: 409,
        body: { id: body.id, fields: ['lane'] },
      });
    });

    it('answers a known key though its endpoint is gone and its expiry has passed', async () => {
      await app.restart({});
      const { body: endpoint } = await app
        .request('post', '/v1/endpoints')
        .send({ url: 'https://hooks.example.com/', types: ['*'] });
      const expires_at = new Date(Date.now() + 1_500).toISOString();
      const hook = { channel: 'webhook', to: endpoint.id as string, expires_at };
      const { body } = await send(hook);
      await app.request('delete', `/v1/endpoints/${endpoint.id}`).expect(204);
      await waitFor(() => Date.now() > Date.parse(expires_at), { what: 'its expiry' });
      expect(await send(hook)).toMatchObject({ status: 200, body: { id: body.id } });
      expect(await send({ ...hook, business_id: 'new' })).toMatchObject({ status: 400 });
    });
  });
});
