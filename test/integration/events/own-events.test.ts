import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AlertsStore } from '../../../src/alerts/alerts.store.js';
import type { Signal } from '../../../src/alerts/signal.js';
import { AuditTrail } from '../../../src/platform/audit/audit-trail.service.js';
import { WakeUp } from '../../../src/accept/wake-up.js';
import { FanOut } from '../../../src/events/fan-out.service.js';
import { OwnEventDrafts } from '../../../src/events/own-event-drafts.service.js';
import { OwnEventRunner } from '../../../src/events/own-event.runner.js';
import { Config } from '../../../src/platform/config/config.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';
import { WorkPool } from '../../../src/platform/database/pools.js';
import { inTransaction } from '../../../src/platform/database/transaction.js';
import { Gauges } from '../../../src/platform/metrics/gauges.js';
import type { Next } from '../../../src/domain/decide-next.js';
import { failed, type Outcome, taken } from '../../../src/domain/outcome.js';
import { EndpointSwitch } from '../../../src/endpoints/endpoint-switch.service.js';
import { fromPublicId, toPublicId } from '../../../src/domain/public-id.js';
import { PayloadVault } from '../../../src/notifications/payload.js';
import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { OwnEvents } from '../../../src/own-events/own-events.js';
import { TypeCatalogue } from '../../../src/catalogue/type-catalogue.js';
import { compileDataSchema } from '../../../src/catalogue/data-schema.js';
import { startApp, type TestApp } from '../../support/app.js';
import { uuidOf } from '../../support/settled.js';
import { createEndpoint } from '../../support/many-subscribers.js';

const WORKER = uuidv7();
const refused = (kind: 'rejected' | 'in_doubt', errorClass: 'permanent' | 'suppress' | 'in_doubt'): Outcome =>
  failed(kind, { class: errorClass, code: 'said_so', detail: '', scope: 'message' });

interface Told {
  endpoint: string;
  type: string;
  businessId: string;
  lane: string;
  data: Record<string, unknown>;
}

describe('the service says what becomes of notifications', () => {
  let app: TestApp;
  let notifications: NotificationsRepository;
  let runner: OwnEventRunner;
  let number = 0;
  let turns = 0;
  beforeAll(async () => {
    app = await startApp(); // no relay: what is said waits until the test runs the runner
    const get = <T>(token: new (...args: never[]) => T): T => app.posthaste.app.get(token, { strict: false });
    notifications = get(NotificationsRepository);
    const drafts = new OwnEventDrafts(get(Config), get(KeyedHasher), get(PayloadVault));
    runner = new OwnEventRunner(get(WorkPool), drafts, get(FanOut), get(WakeUp), get(Gauges));
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    await app.pool.query(
      'TRUNCATE notifications, outbox, ordered, attempts, undelivered, endpoints, events, own_events, suppressions',
    );
  });

  const accept = async (more: object = {}): Promise<string> => {
    const { body } = await app.send({
      type: 'welcome',
      recipient: 'ada',
      to: 'ada@example.com',
      business_id: `b-${++number}`,
      channel: 'email',
      data: { name: 'Ada' },
      ...more,
    });
    return body.id as string;
  };
  /** As the relay and a worker would: published, claimed. */
  const claim = async (id: string): Promise<number> => {
    const { rows } = await app.pool.query<{ dispatch: number }>(
      `UPDATE outbox SET published_at = now(), queue = 'mail.transactional', dispatch = dispatch + 1 WHERE notification_id = $1
       RETURNING dispatch`,
      [uuidOf(id)],
    );
    const { dispatch } = rows[0]!;
    const [claimed] = await notifications.claim([{ id: uuidOf(id), dispatch }], WORKER, 'mail');
    expect(claimed).toBeDefined();
    return dispatch;
  };
  const recordOf = (id: string, dispatch: number, outcome: Outcome, next: Next, attempt = 1) => ({
    id: uuidOf(id),
    attempt,
    dispatch,
    outcome,
    next,
    durationMs: 3,
    pinnedProvider: null,
    contentDigest: null,
  });
  const end = async (id: string, outcome: Outcome, next: Next): Promise<number> => {
    const dispatch = await claim(id);
    expect(await notifications.record([recordOf(id, dispatch, outcome, next)])).toEqual([true]);
    return dispatch;
  };
  const sent = (id: string) => end(id, taken('250', 'ok'), { status: 'sent', reason: '250' });
  const said = async (): Promise<string[]> =>
    (await app.pool.query<{ type: string }>('SELECT type FROM own_events ORDER BY id')).rows.map(
      ({ type }) => type,
    );
  const run = () => runner.runOnce();
  /** What the catalogue's schema has against it. */
  const misfits = (type: string, data: object): unknown => {
    const types = app.posthaste.app.get(TypeCatalogue, { strict: false }).list();
    const compiled = compileDataSchema(types.find((one) => one.type === type)!.schema!);
    return 'check' in compiled ? compiled.check(data) : compiled.faults;
  };
  /** What subscribers are owed, once the runners have nothing left. */
  const told = async (): Promise<Told[]> => {
    await run();
    const vault = app.posthaste.app.get(PayloadVault, { strict: false });
    const { rows } = await app.pool.query(
      `SELECT n.id, n.payload, n.recipient AS endpoint, n.type, n.business_id AS "businessId", n.lane,
              e.id AS "eventId", e.payload AS "eventPayload"
         FROM notifications n JOIN events e ON e.id = n.event_id ORDER BY n.id`,
    );
    return rows.map(({ id, payload, eventId, eventPayload, ...rest }) => ({
      ...rest,
      data: vault.openToSend({ id, payload, eventId, eventPayload }).data,
    }));
  };

  describe.each([
    ['sent', taken('250', 'ok'), { status: 'sent', reason: '250' }, '250', null],
    ['delivered', taken('http_204', 'ok'), { status: 'delivered', reason: 'http_204' }, 'http_204', null],
    [
      'dead',
      refused('rejected', 'permanent'),
      { status: 'dead', reason: 'said_so', class: 'permanent' },
      'said_so',
      'permanent',
    ],
    [
      'suppressed',
      refused('rejected', 'suppress'),
      { status: 'suppressed', reason: 'said_so' },
      'said_so',
      'suppress',
    ],
    [
      'in_doubt',
      refused('in_doubt', 'in_doubt'),
      { status: 'in_doubt', reason: 'said_so' },
      'said_so',
      'in_doubt',
    ],
    [
      'expired',
      refused('rejected', 'permanent'),
      { status: 'expired', reason: 'said_so' },
      'said_so',
      'permanent',
    ],
  ] as const)('%s', (status, outcome, next, code, errorClass) => {
    it('is told once, under its id and dispatch, without the recipient', async () => {
      const endpoint = await createEndpoint(app, { types: ['posthaste.notification.*'] });
      const id = await accept();
      const dispatch = await end(id, outcome, next);
      const [one, ...others] = await told();
      expect(others).toEqual([]);
      expect(one).toEqual({
        endpoint,
        type: `posthaste.notification.${status}`,
        businessId: `${id}:${dispatch}`,
        lane: 'bulk',
        data: {
          id,
          type: 'welcome',
          business_id: `b-${number}`,
          channel: 'email',
          status,
          code,
          class: errorClass,
          attempts: 1,
          at: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      });
      expect(JSON.stringify(one)).not.toMatch(/\bada\b|@example\.com/); // ids may have the letters
      expect(misfits(one!.type, one!.data)).toEqual([]);
      expect(await notifications.record([recordOf(id, dispatch, outcome, next as Next)])).toEqual([false]);
      expect(await told()).toHaveLength(1);
    });
  });

  it('says nothing of what goes on: an attempt that will be repeated, a cancel', async () => {
    await createEndpoint(app, { types: ['posthaste.*'] });
    await end(
      await accept(),
      failed('deferred', { class: 'retry', code: '451', detail: '', scope: 'message' }),
      {
        status: 'retrying',
        reason: '451',
        delayMs: 60_000,
        consumesTry: true,
      },
    );
    await app.request('post', `/v1/notifications/${await accept()}/cancel`).expect(200);
    expect(await said()).toEqual([]);
    expect(await told()).toEqual([]);
  });

  it.each([
    ['expired', `expires_at = now() - interval '1 s'`, 'expired'],
    ['dead', `deadline_at = now() - interval '1 s'`, 'deadline'],
  ])('tells once what is %s when its time runs out, waiting or claimed', async (status, past, errorClass) => {
    await createEndpoint(app, { types: ['posthaste.*'] });
    const [waiting, published] = [await accept(), await accept()];
    await app.pool.query(`UPDATE notifications SET ${past}`);
    await claim(published);
    await app.pool.query(`UPDATE outbox SET overdue_at = now()`);
    await notifications.settleOverdue(10);
    await notifications.settleOverdue(10);
    const all = await told();
    expect(all.map((one) => [one.type, one.businessId, one.data['class']]).sort()).toEqual(
      [
        [`posthaste.notification.${status}`, `${waiting}:0`, errorClass],
        [`posthaste.notification.${status}`, `${published}:1`, errorClass],
      ].sort(),
    );
  });

  it("tells a late word, and an operator's, once each", async () => {
    await createEndpoint(app, { types: ['posthaste.*'] });
    const doubt = { status: 'in_doubt', reason: 'worker_lost' } as const;
    const lost = failed('in_doubt', { class: 'in_doubt', code: 'worker_lost', detail: '', scope: 'message' });
    const [late, resolved] = [await accept(), await accept()];
    const dispatch = await end(late, lost, doubt);
    await end(resolved, lost, doubt);
    const word = recordOf(late, dispatch, taken('250', 'ok'), { status: 'sent', reason: '250' });
    expect(await notifications.settleLate(word)).toBe(true);
    expect(await notifications.settleLate(word)).toBe(false);
    const resolve = () =>
      app
        .request('post', `/v1/admin/notifications/${resolved}/resolve`)
        .send({ as: 'dead', reason: 'they say no' })
        .expect(200);
    await resolve();
    await resolve();
    const all = (await told()).map((one) => [
      one.businessId.split(':')[0],
      one.data['status'],
      one.data['code'],
    ]);
    expect(all.sort()).toEqual(
      [
        [late, 'in_doubt', 'worker_lost'],
        [late, 'sent', '250'],
        [resolved, 'in_doubt', 'worker_lost'],
        [resolved, 'dead', 'resolved_as_dead'],
      ].sort(),
    );
  });

  it('tells what an address on the suppression list stops, at the door and at the claim', async () => {
    await createEndpoint(app, { types: ['posthaste.*'] });
    const before = await accept({ to: 'eve@example.com' });
    await app
      .request('post', '/v1/suppressions')
      .send({ channel: 'email', address: 'eve@example.com', reason: 'manual' })
      .expect(201);
    const after = await accept({ to: 'eve@example.com' });
    await claim(before);
    const ends = (await told()).map((one) => [
      one.businessId,
      one.data['status'],
      one.data['class'],
      one.data['code'],
    ]);
    expect(ends.sort()).toEqual(
      [
        [`${before}:1`, 'suppressed', 'suppress', expect.stringContaining('manual')],
        [`${after}:0`, 'suppressed', 'suppress', expect.stringContaining('manual')],
      ].sort(),
    );
  });

  it("tells a provider's receipt once, also one that says it bounced", async () => {
    await createEndpoint(app, { types: ['posthaste.*'] });
    const [arrived, bounced] = [await accept(), await accept()];
    await sent(arrived);
    await sent(bounced);
    const words = [
      {
        id: uuidOf(arrived),
        provider: 'mail',
        kind: 'delivered',
        class: null,
        code: 'delivered',
        providerMessageId: null,
      },
      {
        id: uuidOf(bounced),
        provider: 'mail',
        kind: 'bounced',
        class: 'permanent',
        code: 'smtp_550',
        providerMessageId: null,
      },
    ] as const;
    const report = () => inTransaction(app.pool, (tx) => notifications.settleByReceipts(tx, words));
    expect([...(await report()).values()]).toEqual(['moved', 'moved']);
    expect([...(await report()).values()]).toEqual(['unchanged', 'unchanged']);
    const ends = (await told()).map((one) => [
      one.businessId,
      one.data['status'],
      one.data['code'],
      one.data['class'],
    ]);
    expect(ends.sort()).toEqual(
      [
        [`${arrived}:1`, 'sent', '250', null],
        [`${arrived}:1`, 'delivered', 'delivered', null],
        [`${bounced}:1`, 'sent', '250', null],
        [`${bounced}:1`, 'bounced', 'smtp_550', 'permanent'],
      ].sort(),
    );
  });

  it('makes no event of what carries one of its own', async () => {
    const endpoint = await createEndpoint(app, { types: ['posthaste.*', 'order.*'] });
    await sent(await accept());
    const [event] = await told();
    expect(event).toMatchObject({ endpoint, type: 'posthaste.notification.sent' });
    const { rows } = await app.pool.query<{ id: string }>(
      `SELECT id FROM notifications WHERE type = 'posthaste.notification.sent'`,
    );
    await end(toPublicId('notification', rows[0]!.id), refused('rejected', 'permanent'), {
      status: 'dead',
      reason: 'said_so',
      class: 'permanent',
    });
    expect(await said()).toEqual([]);
    expect(await told()).toHaveLength(1);
  });

  it('writes nothing at all while nobody subscribes to it', async () => {
    await createEndpoint(app, { types: ['*'] });
    await createEndpoint(app, { types: ['posthaste.*'], enabled: false });
    await sent(await accept());
    const { rows } = await app.pool.query(
      `SELECT pg_sequence_last_value(pg_get_serial_sequence('own_events', 'id')) AS last`,
    );
    const before = rows[0].last;
    await sent(await accept());
    const after = await app.pool.query(
      `SELECT pg_sequence_last_value(pg_get_serial_sequence('own_events', 'id')) AS last`,
    );
    expect(after.rows[0].last).toBe(before);
    expect(await told()).toEqual([]);
  });

  it('leaves no trace of what nobody hears among those who listen', async () => {
    await createEndpoint(app, { types: ['posthaste.alert.*'] });
    await createEndpoint(app, { types: ['posthaste.*'], recipient: 'bob' });
    await sent(await accept());
    expect(await told()).toEqual([]);
    const { rows } = await app.pool.query(
      'SELECT (SELECT count(*)::integer FROM events) AS events, (SELECT count(*)::integer FROM own_events) AS said',
    );
    expect(rows[0]).toEqual({ events: 0, said: 0 });
  });

  it('tells a recipient of its own notifications, and of what its own endpoints got; those who listen to all, of all', async () => {
    const all = await createEndpoint(app, { types: ['posthaste.*'] });
    const ada = await createEndpoint(app, { types: ['posthaste.*', '*'], recipient: 'ada' });
    const bob = await createEndpoint(app, { types: ['posthaste.*'], recipient: 'bob' });
    const shop = await createEndpoint(app, { types: ['order.*'] });
    const ofBob = await accept({ recipient: 'bob' });
    await app
      .request('post', '/v1/events')
      .send({ type: 'order.paid', recipient: 'ada', business_id: 'o', data: {} })
      .expect(202);
    const { rows } = await app.pool.query<{ id: string; recipient: string }>(
      'SELECT id, recipient FROM notifications WHERE event_id IS NOT NULL',
    );
    const idTo = (endpoint: string) =>
      toPublicId('notification', rows.find((row) => row.recipient === endpoint)!.id);
    for (const id of [ofBob, idTo(ada), idTo(shop)]) await sent(id);
    const seen = (await told())
      .filter((one) => one.type.startsWith('posthaste.'))
      .map((one) => [one.endpoint, one.data['id']]);
    expect(seen.sort()).toEqual(
      [
        [all, ofBob],
        [bob, ofBob],
        [all, idTo(ada)],
        [ada, idTo(ada)],
        [all, idTo(shop)],
      ].sort(),
    );
  });

  it('says what it is told to say with the transaction of it, once for each key', async () => {
    const all = await createEndpoint(app, { types: ['posthaste.endpoint.*'] });
    const ada = await createEndpoint(app, { types: ['posthaste.*'], recipient: 'ada' });
    const own = app.posthaste.app.get(OwnEvents, { strict: false });
    const event = {
      type: 'posthaste.endpoint.disabled',
      businessId: 'ep_x:1',
      recipient: 'ada',
      data: { id: 'ep_x', reason: 'gone' },
    } as const;
    const tx = await app.pool.connect();
    await tx.query('BEGIN');
    await own.say(tx, event);
    await tx.query('ROLLBACK');
    tx.release();
    expect(await told()).toEqual([]);
    await own.say(app.pool, event);
    await told();
    await own.say(app.pool, event);
    const all2 = await told();
    expect(all2.map((one) => one.endpoint).sort()).toEqual([all, ada].sort());
    expect(all2[0]).toMatchObject({
      type: 'posthaste.endpoint.disabled',
      businessId: 'ep_x:1',
      lane: 'transactional',
      data: { id: 'ep_x', reason: 'gone', at: expect.any(String) },
    });
  });

  it('tells each time an endpoint is switched off, to those who listen to all and to its own recipient', async () => {
    const all = await createEndpoint(app, { types: ['posthaste.endpoint.disabled'] });
    const ada = await createEndpoint(app, { types: ['posthaste.*'], recipient: 'ada' });
    await createEndpoint(app, { types: ['posthaste.*'], recipient: 'bob' });
    const gone = await createEndpoint(app, { types: ['order.*'], recipient: 'ada' });
    const endpointSwitch = app.posthaste.app.get(EndpointSwitch, { strict: false });
    const off = () =>
      inTransaction(app.pool, (tx) => endpointSwitch.off(tx, fromPublicId('endpoint', gone)!, 'gone', null));
    expect([await off(), await off()]).toEqual([true, false]);
    const heard = await told();
    expect(heard.map((one) => one.endpoint).sort()).toEqual([all, ada].sort());
    for (const { type, data } of heard) {
      expect(data).toEqual({ id: gone, reason: 'gone', at: expect.any(String) });
      expect(misfits(type, data)).toEqual([]);
    }
    await inTransaction(app.pool, (tx) => endpointSwitch.on(tx, fromPublicId('endpoint', gone)!, 'key'));
    await off();
    expect(await told()).toHaveLength(4);
  });

  it('tells an alert when it is raised and when it is over, and not that it lasts', async () => {
    const endpoint = await createEndpoint(app, { types: ['posthaste.alert.*'] });
    await createEndpoint(app, { types: ['posthaste.*'], recipient: 'ada' });
    const get = <T>(token: new (...args: never[]) => T): T => app.posthaste.app.get(token, { strict: false });
    const store = new AlertsStore(get(WorkPool), get(AuditTrail), get(OwnEvents));
    const signal = {
      kind: 'dead_letters',
      about: 'welcome:mail:permanent',
      summary: 'It dies.',
      count: 1,
    } as const;
    const look = async (signals: Signal[]) => {
      const number = (await store.takeTurn(`turn ${++turns}`, 30_000))!;
      const turn = { name: `turn ${turns}`, number, freeInMs: 0 };
      await store.settle(turn, { kinds: ['dead_letters'], signals }, { quietMs: 0, windowMs: 0 }, []);
    };
    await look([signal]);
    await look([{ ...signal, count: 20 }]);
    await look([]);
    await look([]);
    const all = await told();
    expect(all.map((one) => [one.endpoint, one.type, one.lane])).toEqual([
      [endpoint, 'posthaste.alert.raised', 'transactional'],
      [endpoint, 'posthaste.alert.resolved', 'transactional'],
    ]);
    expect(all[0]!.data).toMatchObject({
      key: 'dead_letters:welcome:mail:permanent',
      severity: expect.any(String),
    });
    expect(all[0]!.businessId).toBe(all[1]!.businessId);
    for (const { type, data } of all) expect(misfits(type, data)).toEqual([]);
  });

  it('tells everything once when several runners work side by side', async () => {
    await createEndpoint(app, { types: ['posthaste.notification.sent'] });
    const ids = await Promise.all(Array.from({ length: 250 }, () => accept()));
    for (const id of ids) await sent(id);
    await Promise.all([run(), run(), run(), run()]);
    const all = await told();
    expect(all).toHaveLength(250);
    expect(new Set(all.map((one) => one.data['id']))).toEqual(new Set(ids));
  });
});
