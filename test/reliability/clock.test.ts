import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ROOT } from '../support/service-process.js';
import { waitFor } from '../support/wait-for.js';
import { script } from './support/behaviour.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { BACKENDS, expectGreen, onStage } from './support/row.js';
import { hook } from './support/workload.js';

const HOUR_MS = 3_600_000;
/** Far less than an hour, far more than a busy machine. */
const MINUTE_MS = 60_000;
const CLOCK = join(ROOT, 'test/support/shifted-clock.mjs');
const shiftedBy = (ms: number) => ({
  env: { NODE_OPTIONS: `--import ${CLOCK}`, CLOCK_SHIFT_MS: String(ms) },
});

describe.each(BACKENDS)('clocks that disagree (%s)', (backend) => {
  it.concurrent.each([
    ['worker +1 h, relay −1 h', HOUR_MS, -HOUR_MS],
    ['worker −1 h, relay +1 h', -HOUR_MS, HOUR_MS],
  ])(
    '24. %s → leases, due times, expiry and webhook-timestamp by the database’s clock; one alert',
    (_, workerMs, relayMs) =>
      onStage(backend, {}, async (stage) => {
        await stage.start('api');
        await stage.start('relay', shiftedBy(relayMs));
        const worker = await stage.start('worker', shiftedBy(workerMs));
        const endpoint = await stage.createEndpoint();
        const { hooks } = stage.providers;
        /** This harness and its PostgreSQL share one clock. */
        const arrived = new Map<string, { at: number; timestampMs: number }>();
        hooks.watch = ({ headers }) =>
          arrived.set(String(headers['webhook-id']), {
            at: Date.now(),
            timestampMs: Number(headers['webhook-timestamp']) * 1_000,
          });
        hooks.plan = script('fail');
        const sendAt = Date.now() + 3_000;
        const post = async (more: object) => [...(await stage.client.post(hook(endpoint, more))).ids][0]!;
        const retried = await post({});
        const later = await post({ send_at: new Date(sendAt).toISOString() });
        const inTime = await post({ expires_in: '10m' });
        const muchLater = await post({
          send_at: new Date(Date.now() + HOUR_MS / 2).toISOString(),
          expires_in: '45m',
        });
        const past = await stage.createEndpoint('/never');
        hooks.plan = ({ to }) => (to === '/never' ? 'fail' : 'take');
        const { ids } = await stage.client.post(hook(past, { expires_in: '2s' }));
        const tooLate = [...ids][0]!;

        const statuses = async () => {
          const stored = new Map((await readDatabaseLedger(stage.pool)).map((row) => [row.id, row.status]));
          return [retried, later, inTime, muchLater, tooLate].map((id) => stored.get(id));
        };
        const expected = ['delivered', 'delivered', 'delivered', 'scheduled', 'expired'];
        await waitFor(async () => (await statuses()).join() === expected.join(), {
          within: 30_000,
          what: expected.join(),
        });
        expect(arrived.get(later)!.at).toBeGreaterThanOrEqual(sendAt);
        for (const { at, timestampMs } of arrived.values())
          expect(Math.abs(at - timestampMs)).toBeLessThan(MINUTE_MS);
        await waitFor(
          async () =>
            (await stage.pool.query(`SELECT FROM alerts WHERE alert_key LIKE 'clock_skew%'`)).rowCount === 1,
          { within: 40_000, what: 'the alert' },
        );
        // Nobody was taken for dead: both still work.
        expect(worker.child.exitCode).toBeNull();
        const attempts = (await readDatabaseLedger(stage.pool)).flatMap((row) => row.attempts);
        expect(attempts.filter(({ code }) => code === 'worker_lost')).toEqual([]);
        await stage.client.call('POST', `/v1/notifications/${muchLater}/cancel`);
        expectGreen(await stage.verdict({ alerts: ['clock_skew'] }));
      }),
  );
});
