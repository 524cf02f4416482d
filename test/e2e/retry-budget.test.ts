import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { OutboxStore, type Published } from '../../src/outbox/outbox.store.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const YAML = `
providers:
  - { name: mail, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", from: "Acme <no-reply@acme.example>", require_tls: false }
  - { name: webhooks, channel: webhook, kind: http }
`;
const DEAD = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';

/** Two relays and no worker: what they publish stays published. */
describe.each(BACKENDS)('the retry budget (%s)', (backend) => {
  let service: TestService;

  beforeEach(async () => {
    service = await TestService.create({ backend, yaml: YAML });
    await service.start('api');
  });

  afterEach(() => service.stop());

  const startRelays = () => Promise.all([service.start('relay'), service.start('relay')]);
  const owe = async (count: number, kind: 'first' | 'retry', endpointId?: string): Promise<string[]> => {
    const { rows } = await service.pool.query<{ id: string }>(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, endpoint_id)
       SELECT gen_random_uuid(), $3, 'transactional', $2, now(), now() + interval '1 day', $4
         FROM generate_series(1, $1) RETURNING notification_id AS id`,
      [count, kind, endpointId === undefined ? 'email' : 'webhook', endpointId ?? null],
    );
    await service.pool.query(`SELECT pg_notify('posthaste_outbox', '')`);
    return rows.map(({ id }) => id);
  };
  const published = async (where = 'true'): Promise<number> => {
    const { rows } = await service.pool.query(
      `SELECT count(*)::integer AS count FROM outbox WHERE published_at IS NOT NULL AND ${where}`,
    );
    return rows[0].count;
  };
  const sends = async (key = 'mail') =>
    (
      await service.pool.query(
        'SELECT sum(firsts)::integer AS firsts, sum(retries)::integer AS retries FROM sends WHERE key = $1',
        [key],
      )
    ).rows[0];
  /** First sends go through while retries wait, and after them both relays have looked again. */
  const anotherRound = async (): Promise<void> => {
    const before = await published(`kind = 'first'`);
    await owe(1, 'first');
    await waitFor(async () => (await published(`kind = 'first'`)) === before + 1, { what: 'another round' });
  };

  it('lets ten a minute go where nothing else is sent, over all relays together', async () => {
    await owe(500, 'retry');
    await startRelays();
    await waitFor(async () => (await published()) === 10, { what: 'the least' });
    await anotherRound();
    await anotherRound();
    expect(await published(`kind = 'retry'`)).toBe(10);
    expect(await sends()).toEqual({ firsts: 2, retries: 10 });
  });

  it('lets one go for five first sends', async () => {
    await owe(400, 'first');
    await owe(500, 'retry');
    await startRelays();
    // The window holds fewer than nine hundred; what goes keeps the proportion.
    await waitFor(async () => (await published(`kind = 'first'`)) >= 150, { what: 'first sends' });
    await waitFor(async () => (await sends()).retries > 0, { what: 'retries behind them' });
    const { firsts, retries } = await sends();
    expect(retries).toBeLessThanOrEqual(Math.max(10, firsts * 0.2));
  });

  it('does not let one endpoint have all of it', async () => {
    await service.pool.query(
      `INSERT INTO sends (kind, key, slot, firsts) VALUES ('provider', 'webhooks', floor(extract(epoch FROM now()) / 5), 100)`,
    );
    await owe(200, 'retry', DEAD);
    await startRelays();
    await waitFor(async () => (await published(`endpoint_id = '${DEAD}'`)) === 10, {
      what: 'half of twenty',
    });
    await owe(3, 'retry', OTHER);
    await waitFor(async () => (await published(`endpoint_id = '${OTHER}'`)) === 3, { what: 'the other’s' });
    expect(await published(`endpoint_id = '${DEAD}'`)).toBe(10);
    expect(await sends(DEAD)).toEqual({ firsts: 0, retries: 10 });
  });

  it('never keeps a probe waiting', async () => {
    await service.pool.query(
      `INSERT INTO sends (kind, key, slot, retries) VALUES ('provider', 'mail', floor(extract(epoch FROM now()) / 5), 1000)`,
    );
    await service.pool.query(
      `INSERT INTO gates (kind, key, held_by, held_until) VALUES ('provider', 'mail', 'breaker', now() - interval '1 s')`,
    );
    await owe(50, 'retry');
    await startRelays();
    await waitFor(async () => (await published()) === 1, { what: 'the probe' });
    expect(await published()).toBe(1);
  });

  it('does not count what is handed back: nobody was called', async () => {
    const outbox = new OutboxStore(service.pool);
    const route = { channel: 'email', lane: 'transactional', pin: '' } as const;
    const take = (isRetry: boolean): Promise<Published[]> =>
      outbox.publishDue({ ...route, isRetry }, { queue: 'mail.transactional', provider: 'mail' }, 100);
    await owe(30, 'first');
    await owe(10, 'retry');
    const hints = [...(await take(false)), ...(await take(true))];
    expect(await sends()).toEqual({ firsts: 30, retries: 10 });
    expect(await outbox.takeBack('mail', hints, 0)).toBe(40);
    expect(await sends()).toEqual({ firsts: 0, retries: 0 });
    expect(await outbox.takeBack('mail', hints, 0)).toBe(0); // said twice, it counts once
    expect(await sends()).toEqual({ firsts: 0, retries: 0 });
  });

  it('is what a notification waits for, with figures and a time', async () => {
    const [id] = await service.sendAll([
      {
        type: 'welcome',
        recipient: 'ada@example.com',
        business_id: randomUUID(),
        channel: 'email',
        data: { name: 'Ada' },
      },
    ]);
    await service.pool.query(
      `INSERT INTO sends (kind, key, slot, firsts, retries) VALUES ('provider', 'mail', floor(extract(epoch FROM now()) / 5), 100, 20)`,
    );
    await service.pool.query(`UPDATE outbox SET kind = 'retry'`);
    await service.pool.query(`UPDATE notifications SET status = 'retrying'`);
    const { body } = await service.request('GET', `/v1/notifications/${id}`);
    expect(body.next).toMatchObject({ action: 'retry', waiting_for: 'budget', at: expect.any(String) });
    expect(body.next.reason).toContain('20 of 20 retries in the last minute, beside 100 first sends');
    expect(Date.parse(body.next.at)).toBeGreaterThan(Date.now());
  });
});
