import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const COUNT = 2_000;
const CONCURRENCY = 20;
const YAML = `
providers:
  - { name: webhooks, channel: webhook, kind: http, concurrency: ${CONCURRENCY}, per_endpoint_concurrency: ${CONCURRENCY} }
`;

describe.each(BACKENDS)('a machine that loses its power (%s)', (backend) => {
  let postgres: TestPostgres;
  let service: TestService;
  let sink: HookSink;

  beforeEach(async () => {
    sink = await HookSink.start();
    postgres = await startPostgres();
    service = await TestService.create({ backend, yaml: YAML, databaseUrl: postgres.url });
  });

  afterEach(async () => {
    await service.stop();
    await postgres.end();
    await sink.stop();
  });

  it('loses nothing and doubles nothing: service, PostgreSQL and queue killed at once with 2,000 undelivered', async () => {
    await service.start();
    const endpoint = await service.createEndpoint(sink.url());
    sink.delayMs = 50;
    const ids = await service.sendAll(
      Array.from({ length: COUNT }, (_, i) => ({
        type: 'order.shipped',
        recipient: `customer-${i}`,
        business_id: `order-${i}`,
        channel: 'webhook',
        to: endpoint,
        on_in_doubt: 'park',
      })),
    );
    await waitFor(() => sink.arrivals.length >= 100, { what: 'a hundred deliveries' });
    await Promise.all([service.killAll(), postgres.kill(), service.redis?.kill()]);
    sink.delayMs = 0;
    await Promise.all([postgres.restart(), service.redis?.restart()]);
    await service.start();
    const counts = await service.settled(90_000);
    const inDoubt = counts['in_doubt'] ?? 0;
    expect((counts['delivered'] ?? 0) + inDoubt).toBe(COUNT);
    expect(inDoubt).toBeLessThanOrEqual(CONCURRENCY);
    expect(sink.doubled).toEqual([]);
    const { body } = await service.request('GET', '/v1/notifications?status=in_doubt&limit=200');
    const listed = new Set(body.items.map((item: { id: string }) => item.id));
    expect(ids.filter((id) => !sink.times.has(id) && !listed.has(id))).toEqual([]);
  }, 150_000);
});
