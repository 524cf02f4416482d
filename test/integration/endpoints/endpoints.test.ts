import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../../support/app.js';
import { HOSTILE_URLS } from '../../support/hostile-urls.js';
import { settle } from '../../support/settled.js';
import { attempted, endpointUuid, hooksFor, subscribe } from '../../support/subscribers.js';

describe('endpoints', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { WEBHOOK_ALLOW_NETWORKS: '' } });
  });
  afterAll(() => app.stop());

  const get = async (id: string) => (await app.request('get', `/v1/endpoints/${id}`).expect(200)).body;
  const patch = (id: string, body: object) => app.request('patch', `/v1/endpoints/${id}`).send(body);
  const nextOf = async (id: string) =>
    (await app.request('get', `/v1/notifications/${id}`).expect(200)).body.next;
  const gatesOf = async (id: string) => {
    const { rows } = await app.pool.query<{ held_by: string }>(
      `SELECT held_by FROM gates WHERE kind = 'endpoint' AND key = $1 ORDER BY held_by`,
      [endpointUuid(id)],
    );
    return rows.map((row) => row.held_by);
  };
  const changesOf = async (id: string) => {
    const { rows } = await app.pool.query<{ change: string; reason: string | null }>(
      `SELECT change, reason FROM endpoint_changes WHERE endpoint_id = $1 ORDER BY id`,
      [endpointUuid(id)],
    );
    return rows.map(({ change, reason }) => (reason === null ? change : `${change}: ${reason}`));
  };

  describe('are changed', () => {
    it('in what is given, and stay as they are in the rest; null takes a wish back', async () => {
      const { id } = await subscribe(app, {
        description: 'first',
        headers: { 'X-Team': 'a' },
        timeout: '5s',
      });
      const { body } = await patch(id, {
        url: 'https://hooks.example.com/new',
        types: ['invoice.*'],
        description: null,
        rate_limit: '50/s',
        concurrency: 3,
      }).expect(200);
      expect(body).toMatchObject({
        id,
        url: 'https://hooks.example.com/new',
        types: ['invoice.*'],
        description: null,
        headers: { 'X-Team': 'a' },
        timeout: '5000ms',
        rate_limit: '50/s',
        concurrency: 3,
        enabled: true,
      });
      await patch(id, { headers: null, timeout: null, concurrency: null }).expect(200);
      expect(await get(id)).toMatchObject({
        headers: {},
        timeout: null,
        concurrency: null,
        rate_limit: '50/s',
      });
      const { rows } = await app.pool.query(`SELECT rate_per_second FROM endpoints WHERE id = $1`, [
        endpointUuid(id),
      ]);
      expect(rows).toEqual([{ rate_per_second: 50 }]);
      expect(await changesOf(id)).toEqual([
        'updated: url, types, description, rate_limit, concurrency',
        'updated: headers, timeout, concurrency',
      ]);
    });

    it('in nothing by an empty patch', async () => {
      const { id } = await subscribe(app);
      const before = await get(id);
      expect((await patch(id, {}).expect(200)).body).toEqual(before);
      expect(await changesOf(id)).toEqual([]);
    });

    it.each([
      ['a field nobody knows', { colour: 'red' }, ''],
      ['its uid', { uid: 'mine' }, ''],
      ['its recipient', { recipient: 'ada' }, ''],
      ['a header of ours', { headers: { 'Webhook-Id': 'x' } }, '/headers/Webhook-Id'],
      ['a timeout longer than the provider’s', { timeout: '16s' }, '/timeout'],
      ['a timeout of nothing', { timeout: '0s' }, '/timeout'],
      ['a cap of nothing', { concurrency: 0 }, '/concurrency'],
      ['a url that is null', { url: null }, '/url'],
    ])('but not in %s', async (_what, body, path) => {
      const { id } = await subscribe(app);
      const before = await get(id);
      const refusal = await patch(id, body).expect(400);
      expect(refusal.body.code).toBe('invalid_request');
      expect(refusal.body.errors.map((one: { path: string }) => one.path).join()).toContain(path);
      expect(await get(id)).toEqual(before);
    });

    it('never to an address that is none of a subscriber’s business, nor created there', async () => {
      const { id } = await subscribe(app);
      const before = await get(id);
      for (const url of HOSTILE_URLS) {
        const created = await app.request('post', '/v1/endpoints').send({ url, types: ['*'] });
        const changed = await patch(id, { url });
        expect([url, created.status, changed.status]).toEqual([url, 400, 400]);
        expect(created.body.code).toBe('invalid_request');
      }
      expect(HOSTILE_URLS.length).toBeGreaterThanOrEqual(36);
      expect(await get(id)).toEqual(before);
    });

    it('only while they are there', async () => {
      const { id } = await subscribe(app);
      await app.request('delete', `/v1/endpoints/${id}`).expect(204);
      for (const [method, path, body] of [
        ['patch', '', {}],
        ['post', '/enable', undefined],
        ['post', '/rotate-secret', {}],
        ['post', '/test', undefined],
        ['post', '/recover', { since: '2026-01-01T00:00:00Z' }],
        ['get', '/attempts', undefined],
        ['get', '/health', undefined],
        ['delete', '', undefined],
      ] as const) {
        const answer = await app.request(method, `/v1/endpoints/${id}${path}`).send(body);
        expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 404, 'not_found']);
      }
      expect(await changesOf(id)).toEqual(['deleted']);
    });
  });

  it('have a uid that is theirs alone: a second one is told whose it is', async () => {
    const { id } = await subscribe(app, { uid: 'shop-1' });
    const { body } = await app
      .request('post', '/v1/endpoints')
      .send({ uid: 'shop-1', url: 'https://other.example.com/', types: ['*'], enabled: false })
      .expect(409);
    expect(body).toMatchObject({ code: 'idempotency_conflict', id });
    const found = await app.request('get', '/v1/endpoints?uid=shop-1').expect(200);
    expect(found.body.items.map((one: { id: string }) => one.id)).toEqual([id]);
    const { rows } = await app.pool.query(`SELECT FROM gates WHERE held_by = 'disabled'`);
    expect(rows).toEqual([]); // the one that was not created left no gate behind
  });

  describe('are switched off by their owner', () => {
    it('and what is for them waits, says so, and goes when they are on again', async () => {
      const { id } = await subscribe(app);
      const { body } = await patch(id, { enabled: false }).expect(200);
      expect(body).toMatchObject({
        enabled: false,
        disabled_reason: 'owner',
        disabled_at: expect.any(String),
      });
      const [hook] = await hooksFor(app, id, 1);
      expect(await nextOf(hook!)).toMatchObject({ action: 'send', waiting_for: 'endpoint' });
      expect((await nextOf(hook!)).reason).toContain('disabled');
      expect((await app.request('get', `/v1/endpoints/${id}/health`).expect(200)).body).toMatchObject({
        state: 'disabled',
        held_by: 'disabled',
        held_until: null,
        waiting: 1,
        oldest_waiting_at: expect.any(String),
      });
      const enabled = await app.request('post', `/v1/endpoints/${id}/enable`).expect(200);
      expect(enabled.body).toMatchObject({ enabled: true, disabled_at: null, disabled_reason: null });
      expect((await nextOf(hook!)).waiting_for).not.toBe('endpoint');
      expect(await gatesOf(id)).toEqual([]);
      await app.request('post', `/v1/endpoints/${id}/enable`).expect(200);
      expect(await changesOf(id)).toEqual(['disabled: owner', 'enabled']);
    });

    it('from their birth on', async () => {
      const { id } = await subscribe(app, { enabled: false });
      expect(await get(id)).toMatchObject({ enabled: false, disabled_reason: 'owner' });
      expect(await gatesOf(id)).toEqual(['disabled']);
      await patch(id, { enabled: true }).expect(200);
      expect(await gatesOf(id)).toEqual([]);
    });

    it('once, by ten that say so at the same time', async () => {
      const { id } = await subscribe(app);
      await Promise.all(Array.from({ length: 10 }, () => patch(id, { enabled: false }).expect(200)));
      expect(await changesOf(id)).toEqual(['disabled: owner']);
    });

    it('and take no test', async () => {
      const { id } = await subscribe(app, { enabled: false });
      const { body } = await app.request('post', `/v1/endpoints/${id}/test`).expect(409);
      expect(body.code).toBe('wrong_state');
    });

    it('and leave no gate behind when they are deleted', async () => {
      const { id } = await subscribe(app, { enabled: false });
      await app.request('delete', `/v1/endpoints/${id}`).expect(204);
      expect(await gatesOf(id)).toEqual([]);
    });
  });

  it('begin anew at another URL: what failed at the old one is forgotten', async () => {
    const { id } = await subscribe(app);
    await app.pool.query(`UPDATE endpoints SET failing_since = now() - interval '6 days' WHERE id = $1`, [
      endpointUuid(id),
    ]);
    await app.pool.query(
      `INSERT INTO gates (kind, key, held_by, held_until) VALUES ('endpoint', $1, 'endpoint', now() + interval '1 h')`,
      [endpointUuid(id)],
    );
    await patch(id, { url: 'https://hooks.example.com/in', description: 'the same URL' }).expect(200);
    expect(await gatesOf(id)).toEqual(['endpoint']);
    await patch(id, { url: 'https://hooks.example.com/new' }).expect(200);
    expect(await gatesOf(id)).toEqual([]);
    const { rows } = await app.pool.query(
      `SELECT failing_since, judged_from > now() AS is_later FROM endpoints WHERE id = $1`,
      [endpointUuid(id)],
    );
    expect(rows).toEqual([{ failing_since: null, is_later: true }]);
  });

  describe('have secrets', () => {
    const rotate = (id: string, body: object = {}) =>
      app.request('post', `/v1/endpoints/${id}/rotate-secret`).send(body);
    const secretOf = async (id: string) =>
      (await app.request('get', `/v1/endpoints/${id}/secret`).expect(200)).body.secret;
    const retired = async (id: string): Promise<number> => {
      const { rowCount } = await app.pool.query(
        `SELECT FROM endpoint_retired_secrets WHERE endpoint_id = $1 AND signs_until > now()`,
        [endpointUuid(id)],
      );
      return rowCount ?? 0;
    };

    it('that are replaced, and sign on until the overlap is over', async () => {
      const { id, secret } = await subscribe(app);
      const { body } = await rotate(id).expect(200);
      expect(body).toMatchObject({ public_key: null, secret: expect.stringMatching(/^whsec_[\w+/=]{44}$/) });
      expect(body.secret).not.toBe(secret);
      expect(await secretOf(id)).toBe(body.secret);
      const hours = (Date.parse(body.previous_signs_until) - Date.now()) / 3_600_000;
      expect(Math.round(hours)).toBe(24);
      expect(await retired(id)).toBe(1);
    });

    it('that end at once when there is no overlap, the older ones too', async () => {
      const { id } = await subscribe(app);
      await rotate(id, { overlap: '7d' }).expect(200);
      expect((await rotate(id, { overlap: '0s' }).expect(200)).body.previous_signs_until).toBeNull();
      expect(await retired(id)).toBe(0);
      expect(await changesOf(id)).toEqual(['rotated', 'rotated']);
    });

    it('of which not too many sign at once', async () => {
      const { id } = await subscribe(app);
      for (let i = 0; i < 8; i++) await rotate(id).expect(200);
      expect((await rotate(id).expect(409)).body.code).toBe('wrong_state');
      await rotate(id, { overlap: '0s' }).expect(200);
      await rotate(id).expect(200);
    });

    it.each(['8d', '169h', 'soon', '-1s'])('that do not sign on for %s', async (overlap) => {
      const { id, secret } = await subscribe(app);
      expect((await rotate(id, { overlap }).expect(400)).body.errors[0].path).toBe('/overlap');
      expect(await secretOf(id)).toBe(secret);
    });

    it('that are replaced once for each Idempotency-Key, whose answer is the same', async () => {
      const { id } = await subscribe(app);
      const first = await rotate(id).set('idempotency-key', `r-${id}`).expect(200);
      const again = await rotate(id).set('idempotency-key', `r-${id}`).expect(200);
      expect(again.body).toEqual(first.body);
      expect(await changesOf(id)).toEqual(['rotated']);
    });

    it('each of which was somebody’s answer, when two rotate at once', async () => {
      const { id } = await subscribe(app);
      const answers = await Promise.all([rotate(id).expect(200), rotate(id).expect(200)]);
      expect(answers.map(({ body }) => body.secret)).toContain(await secretOf(id));
      expect(await retired(id)).toBe(2);
    });

    it('and a key pair when they ask for one, which is shown by its public half alone', async () => {
      const { id } = await subscribe(app, { asymmetric: true });
      const shown = await get(id);
      expect(shown.public_key).toMatch(/^whpk_[\w+/]{43}=$/);
      expect(JSON.stringify(shown)).not.toContain('whsk_');
      expect((await patch(id, { asymmetric: true }).expect(200)).body.public_key).toBe(shown.public_key);
      const rotated = (await rotate(id).expect(200)).body;
      expect(rotated.public_key).not.toBe(shown.public_key);
      expect((await patch(id, { asymmetric: false }).expect(200)).body.public_key).toBeNull();
    });
  });

  describe('are tried', () => {
    it('with an event of ours, to this endpoint alone, once for each Idempotency-Key', async () => {
      const { id } = await subscribe(app);
      const send = () => app.request('post', `/v1/endpoints/${id}/test`).set('idempotency-key', `t-${id}`);
      const { body } = await send().expect(202);
      expect((await send().expect(202)).body).toEqual(body);
      const story = (await app.request('get', `/v1/notifications/${body.id}`).expect(200)).body;
      expect(story).toMatchObject({ type: 'posthaste.test', to: id, channel: 'webhook', status: 'accepted' });
      const other = await app.request('post', `/v1/endpoints/${id}/test`).expect(202);
      expect(other.body.id).not.toBe(body.id);
    });
  });

  it.each([
    ['test', 202],
    ['enable', 200],
  ])(
    'leave nothing to choose at %s: a field is named as unknown, and nothing is done',
    async (word, status) => {
      const { id } = await subscribe(app);
      const path = `/v1/endpoints/${id}/${word}`;
      const { body } = await app.request('post', path).send({ type: 'x' }).expect(400);
      expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: '/type' }] });
      await app.request('post', path).send({}).expect(status);
    },
  );

  describe('are recovered', () => {
    const recover = (id: string, body: object) =>
      app.request('post', `/v1/endpoints/${id}/recover`).send(body);

    it('with what was given up there in that time, and nothing else', async () => {
      const [{ id }, { id: other }] = [await subscribe(app), await subscribe(app)];
      const [early, mine, late, theirs] = [
        ...(await hooksFor(app, id, 3)),
        ...(await hooksFor(app, other, 1)),
      ] as [string, string, string, string];
      await settle(app, [early, mine, late, theirs], { status: 'dead', provider: 'webhooks' });
      await app.pool.query(
        `UPDATE undelivered SET since = now() - interval '3 days' WHERE notification_id IN
        (SELECT id FROM notifications WHERE endpoint_id = $1 ORDER BY id LIMIT 1)`,
        [endpointUuid(id)],
      );
      const since = new Date(Date.now() - 86_400_000).toISOString();
      const { body } = await recover(id, { since }).set('idempotency-key', `k-${id}`).expect(202);
      expect(body).toMatchObject({ matched: 2, dry_run: false, id: expect.stringMatching(/^rdr_/) });
      const again = await recover(id, { since }).set('idempotency-key', `k-${id}`).expect(202);
      expect(again.body).toEqual(body);
      const { rows } = await app.pool.query(
        `SELECT n.endpoint_id FROM redrive_items i JOIN notifications n ON n.id = i.notification_id`,
      );
      expect(rows).toEqual([{ endpoint_id: endpointUuid(id) }, { endpoint_id: endpointUuid(id) }]);
      const redrive = await app.request('get', `/v1/admin/redrives/${body.id}`).expect(200);
      expect(redrive.body.filter).toMatchObject({ endpoint_id: id, died_after: since });
    });

    it.each([
      [{ since: '2999-01-01T00:00:00Z' }, '/since'],
      [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, '/since'],
      [{ since: 'yesterday' }, '/since'],
      [{}, ''],
    ])('never with a range that makes no sense: %j', async (body, path) => {
      const { id } = await subscribe(app);
      const refusal = await recover(id, body).expect(400);
      expect(refusal.body.errors[0].path).toContain(path);
    });
  });

  describe('show their attempts', () => {
    const page = async (id: string, query = '') =>
      (await app.request('get', `/v1/endpoints/${id}/attempts?${query}`).expect(200)).body;

    it('newest first, page by page, each once, their own alone', async () => {
      const [{ id }, { id: other }] = [await subscribe(app), await subscribe(app)];
      const ids = await attempted(
        app,
        id,
        Array.from({ length: 7 }, (_, i) => ({ ago: `${i} minutes`, outcome: 'taken' as const })),
      );
      await attempted(app, other, [{ ago: '1 minute', outcome: 'taken' }]);
      const seen: string[] = [];
      let cursor: string | null = '';
      do {
        const { items, next_cursor } = await page(id, `limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
        seen.push(...items.map((one: { notification_id: string }) => one.notification_id));
        cursor = next_cursor;
      } while (cursor !== null);
      expect(seen).toEqual(ids);
    });

    it('by what became of them', async () => {
      const { id } = await subscribe(app);
      const [good, bad, open] = await attempted(app, id, [
        { ago: '3 minutes', outcome: 'taken' },
        { ago: '2 minutes', outcome: 'deferred' },
        { ago: '1 minute', outcome: null },
      ]);
      for (const [status, notification] of [
        ['succeeded', good],
        ['failed', bad],
        ['in_flight', open],
      ]) {
        const { items } = await page(id, `status=${status}`);
        expect(items).toMatchObject([{ notification_id: notification, status, number: 1 }]);
      }
      expect((await page(id, 'status=failed')).items[0]).toMatchObject({
        code: 'http_503',
        detail: 'as told',
        type: 'order.shipped',
      });
    });

    it.each([
      'x',
      '1.ntf_x.20260101',
      '0.ntf_00000000000000000000000000.20260101000000000000',
      '1.ntf_00000000000000000000000000.20260230000000000000',
      '1.ntf_00000000000000000000000000.00000101000000000000',
      '%00',
    ])('but not from the cursor %s', async (cursor) => {
      const { id } = await subscribe(app);
      const { body } = await app.request('get', `/v1/endpoints/${id}/attempts?cursor=${cursor}`).expect(400);
      expect(body.code).toMatch(/^invalid_/);
    });

    it('from their index', async () => {
      const { rows } = await app.pool
        .query<{ 'QUERY PLAN': string }>(
          `SET enable_seqscan = off; EXPLAIN SELECT * FROM attempts WHERE endpoint_id = '${endpointUuid((await subscribe(app)).id)}'
          ORDER BY started_at DESC, notification_id DESC, number DESC LIMIT 50; RESET enable_seqscan`,
        )
        .then((results) => (results as unknown as { rows: { 'QUERY PLAN': string }[] }[])[1]!);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('attempts_by_endpoint');
      expect(plan).not.toContain('Sort');
    });
  });

  it('show how they are', async () => {
    const { id } = await subscribe(app);
    const health = async () => (await app.request('get', `/v1/endpoints/${id}/health`).expect(200)).body;
    expect(await health()).toEqual({
      id,
      state: 'healthy',
      failing_since: null,
      disabled_at: null,
      disabled_reason: null,
      held_by: null,
      held_until: null,
      recent: { attempts: 0, succeeded: 0, success_rate: null },
      waiting: 0,
      oldest_waiting_at: null,
    });
    await attempted(app, id, [
      { ago: '1 minute', outcome: 'taken' },
      { ago: '2 minutes', outcome: 'deferred' },
      { ago: '3 minutes', outcome: 'deferred' },
      { ago: '3 minutes', outcome: 'deferred' },
      { ago: '25 hours', outcome: 'deferred' },
      { ago: '1 second', outcome: null },
    ]);
    await app.pool.query(`UPDATE endpoints SET failing_since = now() WHERE id = $1`, [endpointUuid(id)]);
    await app.pool.query(
      `UPDATE outbox SET published_at = now(), queue = 'x' WHERE notification_id =
      (SELECT min(notification_id::text)::uuid FROM outbox WHERE endpoint_id = $1)`,
      [endpointUuid(id)],
    );
    expect(await health()).toMatchObject({
      state: 'failing',
      failing_since: expect.any(String),
      recent: { attempts: 4, succeeded: 1, success_rate: 0.25 },
      waiting: 6,
      oldest_waiting_at: expect.any(String),
    });
    await app.pool.query(
      `INSERT INTO gates (kind, key, held_by, held_until) VALUES ('endpoint', $1, 'endpoint', now() + interval '1 h')`,
      [endpointUuid(id)],
    );
    expect(await health()).toMatchObject({
      state: 'held',
      held_by: 'endpoint',
      held_until: expect.any(String),
    });
  });
});
