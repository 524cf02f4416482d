import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const COUNT = 2_000;
const CONCURRENCY = 20;
const YAML = `
providers:
  - { name: webhooks, channel: webhook, kind: http, concurrency: ${CONCURRENCY}, per_endpoint_concurrency: ${CONCURRENCY} }
`;

describe.each(BACKENDS)('what is accepted survives (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  let endpoint: string;

  beforeEach(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend, yaml: YAML });
    await service.start();
    endpoint = await service.createEndpoint(sink.url());
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
  });

  const notifications = () =>
    Array.from({ length: COUNT }, (_, i) => ({
      type: 'order.shipped',
      recipient: `customer-${i}`,
      business_id: `order-${i}`,
      channel: 'webhook',
      to: endpoint,
      data: { order: i },
      on_in_doubt: 'park',
    }));

  it('loses nothing and doubles nothing when every process is killed with 2,000 undelivered', async () => {
    sink.delayMs = 50;
    const ids = await service.sendAll(notifications());
    await waitFor(() => sink.arrivals.length >= 100, { what: 'a hundred deliveries' });
    await service.killAll();
    sink.delayMs = 0;
    await service.start();
    const counts = await service.settled();
    const inDoubt = counts['in_doubt'] ?? 0;
    console.log(`kill -9 (${backend}): ${JSON.stringify(counts)}, arrivals ${sink.arrivals.length}`);
    expect((counts['delivered'] ?? 0) + inDoubt).toBe(COUNT);
    expect(inDoubt).toBeLessThanOrEqual(CONCURRENCY);
    expect(sink.doubled).toEqual([]);
    // Lost would be one that neither arrived nor is said to be in doubt.
    const { body } = await service.request('GET', '/v1/notifications?status=in_doubt&limit=200');
    const listed = new Set(body.items.map((item: { id: string }) => item.id));
    expect(listed.size).toBe(inDoubt);
    expect(ids.filter((id) => !sink.times.has(id) && !listed.has(id))).toEqual([]);
  }, 120_000);

  it('ends what is under way on SIGTERM, and the next process delivers the rest', async () => {
    sink.delayMs = 50;
    await service.sendAll(notifications());
    await waitFor(() => sink.arrivals.length >= 100, { what: 'a hundred deliveries' });
    const [first] = service.processes;
    first!.signal('SIGTERM');
    expect(await first!.ended).toBe(0);
    expect((await service.countByStatus())['sending'] ?? 0).toBe(0);
    sink.delayMs = 0;
    await service.start();
    expect(await service.settled()).toEqual({ delivered: COUNT });
    expect(sink.doubled).toEqual([]);
  }, 120_000);

  it('sends what is scheduled at its time, once, though every process that knew of it is dead', async () => {
    const dueMs = Date.now() + 12_000;
    const sendAt = new Date(dueMs).toISOString();
    await service.sendAll(notifications().map((one) => ({ ...one, send_at: sendAt })));
    await service.killAll();
    await Promise.all(['api,relay,worker', 'relay,worker'].map((roles) => service.start(roles)));
    expect(await service.settled()).toEqual({ delivered: COUNT });
    expect(sink.arrivals).toHaveLength(COUNT);
    expect(sink.doubled).toEqual([]);
    expect(sink.arrivals.filter(({ at }) => at < dueMs)).toEqual([]);
  }, 120_000);

  // PostgreSQL's queues cannot be emptied behind the truth's back.
  if (backend === 'redis') {
    it('delivers all of 2,000 once when Redis is flushed under it', async () => {
      sink.delayMs = 20;
      const ids = await service.sendAll(notifications());
      await waitFor(() => sink.arrivals.length >= 100, { what: 'a hundred deliveries' });
      await service.redis!.flush();
      const counts = await service.settled();
      expect(counts).toEqual({ delivered: COUNT });
      expect(sink.doubled).toEqual([]);
      expect(ids.every((id) => sink.times.get(id) === 1)).toBe(true);
    }, 120_000);
  }
});
