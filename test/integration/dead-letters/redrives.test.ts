import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { RedriveRunner } from '../../../src/dead-letters/redrive.runner.js';
import { startApp, type TestApp } from '../../support/app.js';
import { letters, outboxOf, settle, uuidOf } from '../../support/settled.js';
import { waitFor } from '../../support/wait-for.js';

const PATH = '/v1/admin/redrives';

describe('redrives', () => {
  let app: TestApp;
  let count = 0;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(() =>
    app.pool.query(
      `DELETE FROM outbox; DELETE FROM undelivered; DELETE FROM redrive_items; DELETE FROM redrives`,
    ),
  );

  const create = (body: object) => app.request('post', PATH).send(body);
  const progress = async (id: string) => (await app.request('get', `${PATH}/${id}`).expect(200)).body;
  const name = (): string => `redrive ${++count}`;
  const dead = async (many: number, more?: (index: number) => object): Promise<string[]> => {
    const ids = await letters(app, many, more);
    await settle(app, ids, { status: 'dead' });
    return ids;
  };
  const owed = async (): Promise<number> =>
    Number((await app.pool.query(`SELECT count(*) FROM outbox WHERE kind = 'redrive'`)).rows[0].count);
  /** A relay's process, for as long as `act` takes: the runner works there. */
  async function withRelay(act: () => Promise<unknown>, roles = 'api,relay'): Promise<void> {
    await app.restart({ roles });
    try {
      await act();
    } finally {
      await app.restart({ roles: 'api' });
    }
  }
  const finished = (id: string) =>
    waitFor(async () => (await progress(id)).state === 'done', { what: 'the end of the redrive' });

  it('count without touching anything in a dry run, and leave the name free', async () => {
    await dead(5);
    const request = { name: name(), filter: { type: 'welcome' }, dry_run: true };
    const { body } = await create(request).expect(202);
    expect(body).toEqual({ id: null, matched: 5, dry_run: true });
    const { rows } = await app.pool.query(
      `SELECT (SELECT count(*) FROM redrive_items)::integer AS items, (SELECT count(*) FROM redrives)::integer AS redrives`,
    );
    expect(rows[0]).toEqual({ items: 0, redrives: 0 });
    expect((await create({ ...request, dry_run: false }).expect(202)).body.matched).toBe(5);
  });

  it('cover what matched at their creation, each once, and count what may no longer go', async () => {
    const ids = await dead(20, (i) => (i === 0 ? { expires_in: '1h' } : {}));
    const request = { name: name(), filter: {}, rate: '1000/s' };
    const { body: started, headers } = await create(request).expect(202);
    expect(started).toMatchObject({ matched: 20, dry_run: false });
    expect(headers['location']).toBe(`${PATH}/${started.id}`);
    const later = await dead(3);
    await app.pool.query(`UPDATE notifications SET expires_at = now() WHERE id = $1`, [uuidOf(ids[0]!)]);
    await app.request('post', `/v1/admin/dead-letters/${ids[1]}/discard`).send({ reason: 'x' }).expect(200);
    await withRelay(() => finished(started.id), 'api,relay');
    expect(await progress(started.id)).toMatchObject({
      state: 'done',
      matched: 20,
      done: 18,
      failed: 2,
      eta: null,
    });
    for (const id of later) expect(await outboxOf(app, id)).toBeUndefined();
    const { body: again } = await create(request).expect(200);
    expect(again).toMatchObject({ id: started.id, name: request.name, state: 'done', done: 18 });
    expect((await app.pool.query(`SELECT FROM redrive_items`)).rowCount).toBe(0);
  });

  it('are known by their name: ten at once are one, another body is refused', async () => {
    await dead(4);
    const request = { name: name(), filter: { type: 'welcome', channel: 'email' } };
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(request)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([...Array(9).fill(200), 202]);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    const { body } = await create({ ...request, filter: { type: 'welcome' } }).expect(409);
    expect(body).toMatchObject({ code: 'idempotency_conflict', id: answers[0]!.body.id });
    await create({ ...request, rate: '5/s' }).expect(409);
    const { body: audit } = await app
      .request('get', '/v1/admin/audit')
      .query({ target: answers[0]!.body.id })
      .expect(200);
    expect(audit.items).toMatchObject([{ action: 'redrive.create', after: { matched: 4 } }]);
  });

  it('keep their rate, and go on where they were after a restart', async () => {
    await dead(60);
    const { body } = await create({ name: name(), filter: {}, rate: '20/s' }).expect(202);
    const from = performance.now();
    await withRelay(async () => {
      await waitFor(async () => (await progress(body.id)).done >= 20, { what: 'a third of the redrive' });
    });
    const running = await progress(body.id);
    expect(running).toMatchObject({ state: 'running', rate: '20/s', matched: 60 });
    expect(Date.parse(running.eta)).toBeGreaterThan(Date.parse(running.started_at));
    await withRelay(() => finished(body.id));
    // 60 at 20 a second, of which a second's worth may go at once at the start and after a pause.
    expect(performance.now() - from).toBeGreaterThan(900);
    expect(await progress(body.id)).toMatchObject({ done: 60, failed: 0 });
    expect(await owed()).toBe(60);
  });

  it('are moved once, however many relays move them', async () => {
    const ids = await dead(700);
    const { body } = await create({ name: name(), filter: { ids }, rate: '100000/s' }).expect(202);
    expect(body.matched).toBe(700);
    await app.restart({ roles: 'api,relay' });
    try {
      const runner = app.posthaste.app.get(RedriveRunner);
      await Promise.all(Array.from({ length: 4 }, () => runner.runOnce()));
      await finished(body.id);
    } finally {
      await app.restart({ roles: 'api' });
    }
    expect(await progress(body.id)).toMatchObject({ done: 700, failed: 0 });
    expect(await owed()).toBe(700);
  });

  it('can be cancelled, twice, and move nothing more', async () => {
    const ids = await dead(10);
    const { body } = await create({ name: name(), filter: {}, rate: '1/h' }).expect(202);
    await withRelay(() => waitFor(async () => (await progress(body.id)).done === 1));
    for (let times = 0; times < 2; times++) {
      const { body: view } = await app.request('post', `${PATH}/${body.id}/cancel`).expect(200);
      expect(view).toMatchObject({ state: 'cancelled', done: 1, eta: null });
    }
    expect((await app.pool.query(`SELECT FROM redrive_items`)).rowCount).toBe(0);
    expect(await owed()).toBe(1);
    const { body: left } = await app.request('get', '/v1/admin/dead-letters').expect(200);
    expect(left.items).toHaveLength(ids.length - 1);
    const empty = await create({ name: name(), filter: { type: 'nobody' } }).expect(202);
    expect(await progress(empty.body.id)).toMatchObject({ state: 'done', matched: 0 });
    await app.request('post', `${PATH}/${empty.body.id}/cancel`).expect(409);
    await app.request('get', `${PATH}/rdr_x`).expect(404);
    await app.request('post', `${PATH}/${body.id.replace(/.{4}$/, '0000')}/cancel`).expect(404);
  });

  it('replay what was sent, by a range of time or by ids', async () => {
    const since = new Date().toISOString();
    const ids = await letters(app, 6);
    await settle(app, ids.slice(0, 4), { status: 'sent' });
    await settle(app, ids.slice(4), { status: 'bounced' });
    const { body: refused } = await create({ name: name(), filter: { status: 'sent' } }).expect(400);
    expect(refused.errors[0].message).toContain('created_after');
    const dry = (filter: object) => create({ name: 'dry', filter, dry_run: true }).expect(202);
    expect((await dry({ status: 'bounced', ids })).body.matched).toBe(2);
    expect((await dry({ status: 'sent', created_after: since, provider: 'texts' })).body.matched).toBe(0);
    const { body } = await create({
      name: name(),
      filter: { status: 'sent', created_after: since, created_before: '2100-01-01T00:00:00Z' },
    }).expect(202);
    expect(body.matched).toBe(4);
    await withRelay(() => finished(body.id));
    expect(await progress(body.id)).toMatchObject({ done: 4, failed: 0 });
    expect(await owed()).toBe(4);
  });

  it('refuse what they cannot mean', async () => {
    for (const filter of [
      { ids: ['ntf_x'] },
      { ids: [] },
      { status: 'sending' },
      { status: 'sent', error_class: 'slow', created_after: '2026-01-01T00:00:00Z' },
      { nonsense: 1 },
    ]) {
      await create({ name: name(), filter }).expect(400);
    }
    await create({ name: name() }).expect(400);
    await create({ name: name(), filter: {}, rate: '0/s' }).expect(400);
  });
});
