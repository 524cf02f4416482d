import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const BACKLOG = 50_000;
const CONCURRENCY = 4;
const YAML = `
providers:
  - { name: webhooks, channel: webhook, kind: http, concurrency: ${CONCURRENCY}, per_endpoint_concurrency: ${CONCURRENCY} }
`;

describe.each(BACKENDS)('what matters goes first (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;

  beforeEach(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend, yaml: YAML });
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
  });

  it('sends one transactional next while 50,000 bulk wait behind a slow provider', async () => {
    sink.delayMs = 300;
    const api = await service.start('api');
    const endpoint = await service.createEndpoint(sink.url());
    const of = (i: number, lane: string) => ({
      type: 'news.letter',
      recipient: `reader-${i}`,
      business_id: `letter-${lane}`,
      channel: 'webhook',
      to: endpoint,
      lane,
    });
    await service.sendAll(Array.from({ length: BACKLOG }, (_, i) => of(i, 'bulk')));
    await service.start('relay');
    await service.start('worker');
    await waitFor(() => sink.arrivals.length >= 3 * CONCURRENCY, { what: 'the backlog under way' });

    const { body } = await service.request('POST', '/v1/notifications', of(0, 'transactional'), api);
    const before = sink.arrivals.length;
    const position = await waitFor(() => sink.arrivals.findIndex((arrival) => arrival.id === body.id) + 1, {
      what: 'the transactional one',
    });
    // Those whose turn had come before it was heard of: a place each, and one round of them on the way to the worker.
    expect(position - before).toBeLessThanOrEqual(2 * CONCURRENCY);
    expect(sink.maxOpen).toBeLessThanOrEqual(CONCURRENCY);
  }, 120_000);
});
