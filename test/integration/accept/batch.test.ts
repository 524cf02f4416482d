import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../../support/app.js';

const LETTER = { type: 'welcome', recipient: 'ada@example.com', channel: 'email', data: { name: 'Ada' } };

interface Result {
  index: number;
  http_status: number;
  id?: string;
  status?: string;
  duplicate?: boolean;
  problem?: { code: string; status: number; instance: string; errors?: { path: string }[] };
}

describe('a batch', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    await app.pool.query('TRUNCATE notifications, outbox, ordered');
  });

  const send = async (notifications: unknown[]): Promise<Result[]> => {
    const { body } = await app.request('post', '/v1/notifications/batch').send({ notifications }).expect(200);
    const { results } = body as { results: Result[] };
    expect(results.map((one) => one.index)).toEqual(notifications.map((_, i) => i));
    return results;
  };
  const count = async (): Promise<number> =>
    (await app.pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM outbox')).rows[0]!.count;

  it('lets each item stand alone, answered in its place', async () => {
    await app.send({ ...LETTER, business_id: 'known' });
    const results = await send([
      { ...LETTER, business_id: 'a' },
      {},
      null,
      'text',
      [],
      { ...LETTER, business_id: 'known' },
      { ...LETTER, business_id: 'known', lane: 'bulk' },
      { ...LETTER, business_id: 'b', data: {} },
      { ...LETTER, business_id: 'c', template: 'not.there' },
      { ...LETTER, business_id: 'd', to: 'nobody' },
      { ...LETTER, business_id: 'e', type: 'posthaste.x' },
      { ...LETTER, business_id: 'f', data: { name: 'a'.repeat(70_000) } },
      { ...LETTER, business_id: 'g', channel: 'webhook', to: 'ep_01jcz5m8q4e2r8t0v2w4x6y8za' },
      { ...LETTER, business_id: 'h' },
    ]);
    expect(results.map((one) => [one.http_status, one.problem?.code ?? one.duplicate])).toEqual([
      [202, false],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [200, true],
      [409, 'idempotency_conflict'],
      [422, 'template_error'],
      [422, 'no_template'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [413, 'too_large'],
      [400, 'invalid_request'],
      [202, false],
    ]);
    expect(results[9]!.problem).toMatchObject({
      instance: '/v1/notifications/batch#/notifications/9',
      errors: [{ path: '/to' }],
    });
    expect(await count()).toBe(3);
  });

  it('settles duplicates inside itself: the first is accepted, what differs from it is refused', async () => {
    const results = await send([
      { ...LETTER, business_id: 'twice', data: { name: 'first' } },
      { ...LETTER, business_id: 'other' },
      { ...LETTER, business_id: 'twice', data: { name: 'first' } },
      { ...LETTER, business_id: 'twice', data: { name: 'second' } },
      { ...LETTER, business_id: 'twice', data: { name: 'first' }, metadata: { a: 1 } },
    ]);
    expect(results.map((one) => one.http_status)).toEqual([202, 202, 200, 409, 200]);
    expect(new Set([results[0], results[2], results[4]].map((one) => one!.id)).size).toBe(1);
    expect(await count()).toBe(2);
  });

  it('takes 1,000, each with an id of its own', async () => {
    const results = await send(
      Array.from({ length: 1_000 }, (_, i) => ({ ...LETTER, business_id: `n-${i}`, ordering_key: 'k' })),
    );
    expect(results.every((one) => one.http_status === 202)).toBe(true);
    expect(new Set(results.map((one) => one.id)).size).toBe(1_000);
    expect(await count()).toBe(1_000);
  });

  it('takes an item as deep as one alone may be, and none that is deeper', async () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    const item = (levels: number) => ({
      ...LETTER,
      business_id: 'deep',
      data: { name: 'Ada', more: nested(levels) },
    });
    expect((await app.send(item(18))).status).toBe(202);
    expect((await send([item(18)]))[0]).toMatchObject({ http_status: 200 });
    expect((await app.send(item(19))).status).toBe(400);
    await app
      .request('post', '/v1/notifications/batch')
      .send({ notifications: [item(19)] })
      .expect(400);
  });

  it('shows an error only in the item whose row PostgreSQL refuses', async () => {
    await app.pool.query(
      `ALTER TABLE notifications ADD CONSTRAINT no_guilty CHECK (business_id <> 'guilty')`,
    );
    try {
      const results = await send(['a', 'guilty', 'b'].map((business_id) => ({ ...LETTER, business_id })));
      expect(results.map((one) => one.http_status)).toEqual([202, 500, 202]);
      expect(JSON.stringify(results[1])).not.toMatch(/guilty|constraint/);
      expect(await count()).toBe(2);
    } finally {
      await app.pool.query(`ALTER TABLE notifications DROP CONSTRAINT no_guilty`);
    }
  });
});
