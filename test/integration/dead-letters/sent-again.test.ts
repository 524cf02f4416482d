import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BACKENDS, startApp, type TestApp } from '../../support/app.js';
import { NO_BUDGET } from '../../support/no-budget.js';
import { HookSink } from '../../support/hook-sink.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../../support/scripted-smtp.js';
import { uuidOf } from '../../support/settled.js';
import { waitFor } from '../../support/wait-for.js';

const QUICK = 'retry: { retries: 1, base: 20ms, factor: 1, jitter: 0, slow: [] }';
/** A refusal of the one message: it holds neither the endpoint nor the provider back. */
const REFUSED = 422;
const yaml = (smtp: string) => `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp}", from: "Acme <no-reply@acme.example>", timeout: 2s, answer_timeout: 1s }
  - { name: hooks, channel: webhook, kind: http, timeout: 1s, ${NO_BUDGET} }
types:
  order.placed: { ${QUICK} }
  welcome: { channel: email, on_in_doubt: park, ${QUICK} }
`;

describe.each(BACKENDS)('what was given up goes again (%s)', (backend) => {
  let app: TestApp;
  let sink: HookSink;
  let smtp: ScriptedSmtp;
  let endpoint: string;
  beforeAll(async () => {
    sink = await HookSink.start();
    smtp = await startScriptedSmtp();
    app = await startApp({ backend, roles: 'api,relay,worker', yaml: yaml(smtp.url) });
    const { body } = await app
      .request('post', '/v1/endpoints')
      .send({ url: sink.url(), types: ['*'] })
      .expect(201);
    endpoint = body.id as string;
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([sink.stop(), smtp.close()]);
  });

  const send = async (more: object): Promise<string> => {
    const { status, body } = await app.send({
      type: 'order.placed',
      recipient: 'ada@example.com',
      business_id: randomUUID(),
      ...more,
    });
    expect([status, body]).toEqual([202, expect.anything()]);
    return body.id as string;
  };
  const hook = (): Promise<string> => send({ channel: 'webhook', to: endpoint, data: { n: 1 } });
  const story = async (id: string) => (await app.request('get', `/v1/notifications/${id}`)).body;
  const isNow = (id: string, status: string) =>
    waitFor(async () => (await story(id)).status === status, { what: `${id} ${status}` });

  it('delivers each dead webhook of a redrive once, under the id of its first life', async () => {
    sink.answer = () => REFUSED;
    const ids = await Promise.all(Array.from({ length: 25 }, hook));
    for (const id of ids) await isNow(id, 'dead');
    const failed = sink.arrivals.length;
    sink.answer = () => 204;
    const { body } = await app
      .request('post', '/v1/admin/redrives')
      .send({
        name: 'receiver is mended',
        filter: { type: 'order.placed', error_class: 'retry' },
        rate: '1000/s',
      })
      .expect(202);
    expect(body.matched).toBe(25);
    for (const id of ids) await isNow(id, 'delivered');
    const again = sink.arrivals.slice(failed);
    expect(again.map((arrival) => arrival.id).sort()).toEqual([...ids].sort());
    expect((await story(ids[0]!)).attempts).toBe(3);
    const { rowCount } = await app.pool.query(
      `SELECT FROM undelivered WHERE notification_id = ANY ($1::uuid[])`,
      [ids.map(uuidOf)],
    );
    expect(rowCount).toBe(0);
  });

  it('gives a redriven one all its tries, and buries it again when they are spent', async () => {
    sink.answer = () => REFUSED;
    const id = await hook();
    await isNow(id, 'dead');
    await app.request('post', `/v1/admin/notifications/${id}/retry`).expect(200);
    await waitFor(async () => (await story(id)).attempts === 4, { what: 'two more attempts' });
    await isNow(id, 'dead');
    const { body } = await app.request('get', '/v1/admin/dead-letters').expect(200);
    expect(body.items.map((one: { id: string }) => one.id)).toEqual([id]);
    sink.answer = () => 204;
    await app.request('post', `/v1/admin/notifications/${id}/retry`).expect(200);
    await isNow(id, 'delivered');
  });

  it('sends a doubtful letter again, under the same Message-ID, when an operator says so', async () => {
    smtp.script({ at: 'body', do: 'drop' });
    const id = await send({ type: 'welcome', data: { name: 'Ada' } });
    await isNow(id, 'in_doubt');
    await app
      .request('post', `/v1/admin/notifications/${id}/resolve`)
      .send({ as: 'retry', reason: 'it is not in their mailbox' })
      .expect(200);
    await isNow(id, 'sent');
    const messageIds = smtp.messages.map(({ raw }) => /^message-id: (.+)$/im.exec(raw)![1]);
    expect(messageIds).toHaveLength(2);
    expect(messageIds[0]).toBe(messageIds[1]);
  });

  it('does not let hints of an earlier life send a redriven one', async () => {
    const id = await send({
      channel: 'webhook',
      to: endpoint,
      data: { n: 2 },
      send_at: '2100-01-01T00:00:00Z',
    });
    // Published as number 3 and then overdue: as after a queue that stood still until the deadline.
    await app.pool.query(
      `WITH late AS (UPDATE notifications SET deadline_at = now() WHERE id = $1)
       UPDATE outbox SET dispatch = 3, published_at = now(), queue = 'gone', overdue_at = now() WHERE notification_id = $1`,
      [uuidOf(id)],
    );
    await isNow(id, 'dead');
    await app.request('post', `/v1/admin/notifications/${id}/retry`).expect(200);
    await isNow(id, 'delivered');
    const { rows } = await app.pool.query(`SELECT dispatch FROM notifications WHERE id = $1`, [uuidOf(id)]);
    expect(rows).toEqual([{ dispatch: 4 }]);
    expect(sink.times.get(id)).toBe(1);
  });
});
