import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { BACKENDS, startApp, type TestApp } from '../../support/app.js';
import { HookSink } from '../../support/hook-sink.js';
import { waitFor } from '../../support/wait-for.js';

describe.each(BACKENDS)('what is accepted once is delivered once (%s)', (backend) => {
  let app: TestApp;
  let sink: HookSink;
  let to: string;
  beforeEach(async () => {
    sink = await HookSink.start();
    app = await startApp({ backend, roles: 'api,relay,worker' });
    const { body } = await app
      .request('post', '/v1/endpoints')
      .send({ url: sink.url(), types: ['*'] })
      .expect(201);
    to = body.id as string;
  });
  afterEach(async () => {
    await app.stop();
    await sink.stop();
  });

  const statusOf = async (id: string): Promise<string> =>
    (await app.request('get', `/v1/notifications/${id}`).expect(200)).body.status as string;

  it('delivers one of 1,000 identical requests', async () => {
    const hook = {
      type: 'order.shipped',
      recipient: 'acme',
      business_id: 'one',
      channel: 'webhook',
      to,
      data: { order: 1 },
    };
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => app.send(hook)));
    expect(answers.filter((one) => one.status === 202)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 200)).toHaveLength(999);
    const id = answers[0]!.body.id as string;
    await waitFor(async () => (await statusOf(id)) === 'delivered', { what: 'the delivery' });
    // What would have been a second delivery came before this one.
    const { body } = await app.send({ ...hook, business_id: 'two' });
    await waitFor(async () => (await statusOf(body.id as string)) === 'delivered', {
      what: 'the one behind it',
    });
    expect(sink.arrivals.map((one) => one.id)).toEqual([id, body.id]);
    expect(JSON.parse(sink.arrivals[0]!.body)).toMatchObject({ type: 'order.shipped', data: { order: 1 } });
  });

  it('either cancels or delivers, never both', async () => {
    const COUNT = 300;
    const answers = await Promise.all(
      Array.from({ length: COUNT }, async (_, i) => {
        const { body } = await app.send({
          type: 'order.shipped',
          recipient: 'acme',
          business_id: `race-${i}`,
          channel: 'webhook',
          to,
          data: {},
        });
        const cancel = await app.request('post', `/v1/notifications/${body.id}/cancel`);
        return { id: body.id as string, cancel };
      }),
    );
    const settled = await waitFor(
      async () => {
        const { rows } = await app.pool.query<{ status: string; count: number }>(
          `SELECT status, count(*)::integer AS count FROM notifications GROUP BY status`,
        );
        return rows.every(({ status }) => status === 'cancelled' || status === 'delivered')
          ? rows
          : undefined;
      },
      { what: 'everything settled' },
    );
    expect(settled.reduce((sum, { count }) => sum + count, 0)).toBe(COUNT);
    for (const { id, cancel } of answers) {
      const status = await statusOf(id);
      if (cancel.status === 200) expect([status, sink.times.get(id)]).toEqual(['cancelled', undefined]);
      else {
        expect(cancel.status).toBe(409);
        expect(['maybe_sent', 'wrong_state']).toContain(cancel.body.code);
        expect([status, sink.times.get(id)]).toEqual(['delivered', 1]);
      }
    }
  });
});
