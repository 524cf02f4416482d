import type { Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Acceptance, AcceptEvent } from '../../../src/events/accept-event.service.js';
import { WorkPool } from '../../../src/platform/database/pools.js';
import { Gauges } from '../../../src/platform/metrics/gauges.js';
import { startApp, type TestApp } from '../../support/app.js';
import { createEndpoint, subscribe } from '../../support/many-subscribers.js';

const ORIGIN = { apiKeyId: 'test', traceparent: null };
const EVENT = { type: 'order.shipped', business_id: 'order-77', data: { order: 77 } };

describe('an event reaches every endpoint that subscribed', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    await app.pool.query('TRUNCATE notifications, outbox, endpoints, events, own_events');
  });

  const post = (changes: object = {}): Promise<Response> =>
    app.request('post', '/v1/events').send({ ...EVENT, ...changes });
  const recipientsOf = async (eventId: string): Promise<string[]> => {
    const { body } = await app
      .request('get', '/v1/notifications')
      .query({ event_id: eventId, limit: 200 })
      .expect(200);
    return body.items.map((item: { recipient: string }) => item.recipient).sort();
  };
  const counts = async () => {
    const { rows } = await app.pool.query(
      `SELECT (SELECT count(*)::integer FROM events) AS events,
              (SELECT count(*)::integer FROM notifications) AS notifications,
              (SELECT count(*)::integer FROM outbox) AS outbox`,
    );
    return rows[0];
  };

  it('makes one notification per endpoint, to be found by the event', async () => {
    const endpoints = [
      await createEndpoint(app, { types: ['order.*'] }),
      await createEndpoint(app, { types: ['*'] }),
    ];
    await createEndpoint(app, { types: ['invoice.*'] });
    const { status, body, headers } = await post();
    expect([status, body]).toEqual([
      202,
      { id: expect.stringMatching(/^evt_/), matched: 2, duplicate: false },
    ]);
    expect(headers['location']).toBe(`/v1/events/${body.id}`);
    expect(await recipientsOf(body.id)).toEqual(endpoints.sort());
    const { body: page } = await app.request('get', '/v1/notifications').query({ event_id: body.id });
    expect(page.items[0]).toMatchObject({
      type: 'order.shipped',
      business_id: 'order-77',
      channel: 'webhook',
      status: 'accepted',
      event_id: body.id,
    });
    expect(page.items[0].to).toBe(page.items[0].recipient);
    const { body: event } = await app.request('get', `/v1/events/${body.id}`).expect(200);
    const { data: _, ...shown } = EVENT;
    expect(event).toEqual({
      ...shown,
      id: body.id,
      recipient: null,
      created_at: expect.any(String),
      notifications: { accepted: 2 },
    });
  });

  it('posted again, reaches only the endpoint that was added', async () => {
    const [a, b] = [
      await createEndpoint(app, { types: ['order.shipped'] }),
      await createEndpoint(app, { types: ['order.shipped'] }),
    ];
    const { body: first } = await post();
    const before = await app.pool.query('SELECT id FROM notifications ORDER BY id');
    const { status, body: again } = await post();
    expect([status, again]).toEqual([200, { id: first.id, matched: 2, duplicate: true }]);
    expect((await app.pool.query('SELECT id FROM notifications ORDER BY id')).rows).toEqual(before.rows);
    const c = await createEndpoint(app, { types: ['order.*'] });
    const { status: third, body: added } = await post();
    expect([third, added]).toEqual([200, { id: first.id, matched: 3, duplicate: true }]);
    expect(await recipientsOf(first.id)).toEqual([a, b, c].sort());
    expect(await counts()).toEqual({ events: 1, notifications: 3, outbox: 3 });
  });

  it('is the same notification as one that was sent to the endpoint under the same key', async () => {
    const endpoint = await createEndpoint(app, { types: ['order.*'] });
    await post();
    const direct = { ...EVENT, recipient: endpoint, channel: 'webhook' };
    const { body } = await app.request('get', '/v1/notifications').query({ recipient: endpoint });
    const same = await app.send(direct);
    expect([same.status, same.body]).toEqual([
      200,
      { id: body.items[0].id, status: 'accepted', duplicate: true },
    ]);
    const other = await app.send({ ...direct, data: {} });
    expect([other.status, other.body.fields]).toEqual([409, ['data']]);
    expect(await counts()).toEqual({ events: 1, notifications: 1, outbox: 1 });
  });

  it('answers other data under the same key with 409, names what differs, and changes nothing', async () => {
    await subscribe(app, 2);
    const { body: first } = await post();
    const { status, body } = await post({ data: { order: 78 } });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'idempotency_conflict', id: first.id, fields: ['data'] });
    expect(await counts()).toEqual({ events: 1, notifications: 2, outbox: 2 });
  });

  it('answers twenty identical at once with one 202 and nineteen 200, and tells everybody once', async () => {
    await subscribe(app, 30);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post()));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await counts()).toEqual({ events: 1, notifications: 30, outbox: 30 });
  });

  it('tells who listens to everybody of two recipients with the same fact, each', async () => {
    const all = await createEndpoint(app, { types: ['order.*'] });
    const { body: ofAda } = await post({ recipient: 'ada' });
    const { body: ofBob } = await post({ recipient: 'bob' });
    const { body: ofNobody } = await post();
    for (const { id } of [ofAda, ofBob, ofNobody]) expect(await recipientsOf(id)).toEqual([all]);
    expect(await counts()).toEqual({ events: 3, notifications: 3, outbox: 3 });
  });

  describe('who may see what', () => {
    const see = async (fields: { types: string[]; recipient?: string; enabled?: boolean }, event: object) => {
      await createEndpoint(app, fields);
      return (await post(event)).body.matched as number;
    };

    it.each([
      ['the recipient itself', { types: ['*'], recipient: 'ada' }, { recipient: 'ada' }, 1],
      ['another recipient', { types: ['*'], recipient: 'bob' }, { recipient: 'ada' }, 0],
      ['a recipient of something that concerns nobody', { types: ['*'], recipient: 'ada' }, {}, 0],
      ['another case of the same letters', { types: ['*'], recipient: 'Ada' }, { recipient: 'ada' }, 0],
      ['everybody, of a recipient', { types: ['*'] }, { recipient: 'ada' }, 1],
      ['everybody, of nobody', { types: ['*'] }, {}, 1],
      ['one that is disabled', { types: ['*'], enabled: false }, {}, 0],
      ['a pattern below', { types: ['order.*'] }, {}, 1],
      ['the type itself', { types: ['order.shipped'] }, {}, 1],
      ['the type without its last word', { types: ['order'] }, {}, 0],
      ['a pattern that begins alike', { types: ['order.ship'] }, {}, 0],
      ['a pattern two words up', { types: ['order.*'] }, { type: 'order.item.lost' }, 1],
      ['a pattern of the type itself, which has nothing below', { types: ['order.shipped.*'] }, {}, 0],
      ['several that fit, once', { types: ['*', 'order.*', 'order.shipped'] }, {}, 1],
      ['a pattern of ours', { types: ['posthaste.*'] }, {}, 0],
    ])('%s', async (_, fields, event, matched) => {
      expect(await see(fields, event)).toBe(matched);
    });
  });

  it.each([
    ['nothing', {}, 400, 'invalid_request'],
    ['no data', { ...EVENT, data: undefined }, 400, 'invalid_request'],
    ['an unknown field', { ...EVENT, lane: 'bulk' }, 400, 'invalid_request'],
    ['a type of ours', { ...EVENT, type: 'posthaste.alert.raised' }, 400, 'invalid_request'],
    ['too much', { ...EVENT, data: { a: 'ä'.repeat(33_000) } }, 413, 'too_large'],
  ])('refuses %s', async (_, body, status, code) => {
    const answer = await app.request('post', '/v1/events').send(body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await counts()).toEqual({ events: 0, notifications: 0, outbox: 0 });
  });

  it('reaches 10,000 endpoints in one commit, no more than 500 in memory at once, and keeps the data once', async () => {
    await subscribe(app, 10_000);
    await app.pool.query('ANALYZE endpoints');
    const data = { blob: 'x'.repeat(60_000) };
    const chunks = app.posthaste.app.get(Gauges, { strict: false }).fanOutRows;
    chunks.reset();
    const started = performance.now();
    let isDone = false;
    let answeredMeanwhile = 0;
    const posted = post({ data }).then((answer) => {
      isDone = true;
      return answer;
    });
    for (; !isDone; answeredMeanwhile++)
      await app.request('get', '/v1/endpoints').query({ limit: 1 }).expect(200);
    const { status, body } = await posted;
    expect(answeredMeanwhile).toBeGreaterThan(5); // one that blocked the loop or held every connection: one
    console.log(`fan-out to 10,000 endpoints: ${Math.round(performance.now() - started)} ms`);
    expect([status, body.matched]).toEqual([202, 10_000]);
    expect(await counts()).toEqual({ events: 1, notifications: 10_000, outbox: 10_000 });
    const { values } = await chunks.get();
    const valueOf = (suffix: string, le?: number) =>
      values.find((one) => one.metricName!.endsWith(suffix) && one.labels.le === le)!.value;
    expect([valueOf('_sum'), valueOf('_count'), valueOf('_bucket', 512)]).toEqual([10_000, 20, 20]);
    const { rows } = await app.pool.query(
      'SELECT max(octet_length(payload)) AS largest, count(DISTINCT xmin::text)::integer AS commits FROM notifications',
    );
    expect(rows[0]!.largest).toBeLessThan(200);
    expect(rows[0]!.commits).toBe(1);
  });

  it('drops what was sent away before its turn came, so that repetitions do not pile up', async () => {
    const events = app.posthaste.app.get(AcceptEvent, { strict: false });
    const pool = app.posthaste.app.get(WorkPool, { strict: false });
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    const names = ['a', 'b', 'c']; // two small ones at a time: one of them has no turn
    try {
      const answers = await Promise.all(
        names.map((business_id) => post({ business_id, type: 'invoice.paid' })),
      );
      // Nobody gets on: it is not a crowd that they wait behind.
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
        names.map(() => [503, 'unavailable']),
      );
    } finally {
      held.forEach((one) => one.release());
    }
    expect((await post({ business_id: 'next' })).status).toBe(202);
    await events.onApplicationShutdown(); // all that was gathered has been done
    const { rows } = await app.pool.query(`SELECT FROM events WHERE business_id = ANY ($1::text[])`, [names]);
    expect(rows).toHaveLength(2);
  });

  it('says that too many wait to whose turn does not come while others get on', async () => {
    await subscribe(app, 2_000);
    const events = app.posthaste.app.get(AcceptEvent, { strict: false });
    const enter = (business_id: string): Acceptance => events.accept({ ...EVENT, business_id }, ORIGIN);
    const [first, second, third] = [enter('first'), enter('second'), enter('third')];
    const thirdAnswer = expect(third.answer).rejects.toMatchObject({ code: 'overloaded' });
    void third.begun.catch(() => undefined);
    await Promise.all([first.begun, second.begun]);
    expect(third.abandon('away')).toMatchObject({ code: 'overloaded' });
    expect((await Promise.all([first.answer, second.answer])).map(({ httpStatus }) => httpStatus)).toEqual([
      202, 202,
    ]);
    await thirdAnswer;
  });

  it('refuses more than may wait, before it reads what they hold, and takes them when there is room again', async () => {
    const events = app.posthaste.app.get(AcceptEvent, { strict: false });
    const pool = app.posthaste.app.get(WorkPool, { strict: false });
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    const waiting: Acceptance[] = [];
    const fill = (): void => {
      for (let n = 0; n <= 501; n++)
        waiting.push(events.accept({ ...EVENT, business_id: `full-${n}` }, ORIGIN));
    };
    try {
      expect(fill).toThrow('overloaded');
      const answer = await post({ business_id: 'one too many' });
      expect([answer.status, answer.body.code]).toEqual([503, 'overloaded']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    } finally {
      for (const one of waiting) {
        void one.begun.catch(() => undefined);
        void one.answer.catch(() => undefined);
        one.abandon(undefined);
      }
      held.forEach((one) => one.release());
    }
    await events.onApplicationShutdown();
    expect((await post({ business_id: 'one too many' })).status).toBe(202);
  });

  it('leaves other work its connections, however many large fan-outs there are at once', async () => {
    await subscribe(app, 2_000);
    const events = app.posthaste.app.get(AcceptEvent, { strict: false });
    expect((await post({ business_id: 'the first of its kind' })).body.matched).toBe(2_000);
    const pool = app.posthaste.app.get(WorkPool, { strict: false });
    let most = 0;
    const acquired = (): void => void (most = Math.max(most, pool.totalCount - pool.idleCount));
    pool.on('acquire', acquired);
    const six = Array.from({ length: 6 }, (_, n) =>
      events.accept({ ...EVENT, business_id: `large-${n}` }, ORIGIN),
    );
    const small = events.accept({ ...EVENT, type: 'invoice.paid', recipient: 'nobody' }, ORIGIN);
    const order: string[] = [];
    await Promise.all([
      ...six.map((one) => one.answer.then(() => order.push('large'))),
      small.answer.then(() => order.push('small')),
    ]);
    pool.off('acquire', acquired);
    expect(order.indexOf('small')).toBeLessThan(2); // it has its own turn
    expect(order).toHaveLength(7);
    expect(most).toBeLessThan(pool.options.max);
  });

  it('leaves nothing of a fan-out that broke in the middle, and a repetition makes it whole', async () => {
    await subscribe(app, 1_200);
    // What PostgreSQL does when the connection of a killed process goes: the transaction is rolled back.
    await app.pool.query(`
      CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
      CREATE TRIGGER die BEFORE INSERT ON notifications FOR EACH ROW
        WHEN (NEW.endpoint_id = '00000000-0000-4000-8000-000000000000') EXECUTE FUNCTION die()`);
    await app.pool.query(
      `INSERT INTO endpoints (id, url, types, secret) VALUES ('00000000-0000-4000-8000-000000000000', 'https://a.example/', '{*}', '\\x00')`,
    );
    const broken = await post();
    expect(broken.status).toBeGreaterThanOrEqual(500);
    expect(await counts()).toEqual({ events: 0, notifications: 0, outbox: 0 });
    await app.pool.query('DROP TRIGGER die ON notifications; DROP FUNCTION die()');
    const whole = await post();
    expect([whole.status, whole.body.matched]).toEqual([202, 1_201]);
    expect(await counts()).toEqual({ events: 1, notifications: 1_201, outbox: 1_201 });
  });
});
