import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const COUNT = 200;

describe.each(BACKENDS)('a provider that the configuration no longer names (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'posthaste-renamed-'));
    sink = await HookSink.start();
    service = await TestService.create({ backend });
  });

  afterEach(async () => {
    await service.stop();
    await sink.stop();
    rmSync(folder, { recursive: true });
  });

  const startWith = (provider: string) => {
    const file = join(folder, `${provider}.yaml`);
    writeFileSync(file, `providers: [{ name: ${provider}, channel: webhook, kind: http, concurrency: 1 }]\n`);
    return service.start('api,relay,worker', { POSTHASTE_CONFIG: file });
  };

  it('strands nothing in its queues: what was published there goes by the new one', async () => {
    sink.delayMs = 200;
    await startWith('before');
    const endpoint = await service.createEndpoint(sink.url());
    await service.sendAll(
      Array.from({ length: COUNT }, (_, i) => ({
        type: 'order.shipped',
        recipient: `customer-${i}`,
        business_id: `order-${i}`,
        channel: 'webhook',
        to: endpoint,
        on_in_doubt: 'park',
      })),
    );
    await waitFor(() => sink.arrivals.length > 0, { what: 'a first delivery' });
    await service.killAll();
    const { rows } = await service.pool.query(`SELECT FROM outbox WHERE queue = 'before.transactional'`);
    expect(rows.length).toBeGreaterThan(0);
    sink.delayMs = 0;
    await startWith('after');
    const { delivered = 0, in_doubt: inDoubt = 0 } = await service.settled();
    expect(inDoubt).toBeLessThanOrEqual(1);
    expect(delivered + inDoubt).toBe(COUNT);
    expect(sink.doubled).toEqual([]);
  }, 120_000);
});
