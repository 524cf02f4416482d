import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const CAP = 2;
const MINIMUM = 5;
const YAML = `
providers:
  - { name: hooks, channel: webhook, kind: http, per_endpoint_concurrency: ${CAP}, timeout: 3s,
      breaker: { error_rate: 0.5, minimum: ${MINIMUM}, window: 60s, reset: 2s } }
types:
  order.shipped: { retry: { retries: 50, base: 50ms, factor: 1, slow: [] } }
`;

describe.each(BACKENDS)('a receiver that hangs (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;

  beforeEach(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend, yaml: YAML });
    await service.start();
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
  });

  const attempts = async (): Promise<number> =>
    (await service.pool.query('SELECT count(*)::integer AS count FROM attempts')).rows[0].count;

  it('is tried by one call at a time once its breaker’s time is over, and nobody else is claimed meanwhile', async () => {
    sink.answer = () => 'hang';
    const to = await service.createEndpoint(sink.url());
    await service.sendAll(
      Array.from({ length: 200 }, (_, i) => ({
        type: 'order.shipped',
        recipient: 'ada',
        business_id: `order-${i}`,
        channel: 'webhook',
        to,
      })),
    );
    await waitFor(async () => (await service.pool.query('SELECT FROM gates')).rowCount === 1, {
      within: 30_000,
      what: 'the gate held',
    });
    const calledBefore = sink.arrivals.length;
    await waitFor(() => sink.arrivals.length >= calledBefore + 3, {
      within: 40_000,
      what: 'three probes, each of which hangs',
    });
    const { rows } = await service.pool.query(
      `SELECT code, count(*)::integer AS count FROM attempts GROUP BY code ORDER BY code`,
    );
    expect(await attempts(), JSON.stringify(rows)).toBeLessThanOrEqual(sink.arrivals.length + CAP);
  }, 120_000);
});
