import { describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { deploymentFile } from './support/deployment-file.js';
import { BACKENDS, expectGreen, onStage } from './support/row.js';
import { hook, many } from './support/workload.js';

const COUNT = 10_000;
const RATE = 1_000;
/** Of its rate it may save up a second's worth. */
const BURST = RATE;

describe.each(BACKENDS)('a redrive under live traffic (%s)', (backend) => {
  it('28. redrive of 10,000 under live traffic → rate kept, audited, live traffic delivered, survives kill -9 of the relay without doubles', async () => {
    const file = { concurrency: 100, perEndpointConcurrency: 50 };
    // Refused by the thousand: that is the message's fault, and no breaker's business.
    const yaml = (providers: Parameters<typeof deploymentFile>[0]) =>
      deploymentFile(providers, file).replaceAll('minimum: 10,', 'minimum: 100000,');
    await onStage(backend, { yaml }, async (stage) => {
      await stage.start('api,worker');
      const first = await stage.start('relay');
      const dying = await stage.createEndpoint('/dying');
      const living = await stage.createEndpoint('/living');
      const { hooks, ledger } = stage.providers;
      hooks.plan = ({ to }) => (to === '/dying' ? 'reject' : 'take');
      for (let at = 0; at < COUNT; at += 1_000) await stage.client.postBatch(many(1_000, () => hook(dying)));
      await waitFor(async () => (await stage.countByStatus())['dead'] === COUNT, {
        within: 120_000,
        every: 200,
        what: 'ten thousand dead letters',
      });
      hooks.plan = () => 'take';

      let isOver = false;
      const traffic = (async () => {
        while (!isOver) await Promise.all(many(5, () => stage.client.post(hook(living))));
      })();
      const { id, matched } = await stage.client.call('POST', '/v1/admin/redrives', {
        name: 'the night of the five hundreds',
        filter: { type: 'harness.hook' },
        rate: `${RATE}/s`,
        reason: 'the subscriber has mended it',
      });
      expect(matched).toBe(COUNT);
      /** By the database's clock: what is done, and what its rate allows by now. */
      const progress = async () => {
        const { rows } = await stage.pool.query<{ state: string; done: number; allowed: number }>(
          `SELECT state, done::integer, ($1 * extract(epoch FROM clock_timestamp() - started_at))::float8 AS allowed
             FROM redrives`,
          [RATE],
        );
        return rows[0]!;
      };
      const samples: { done: number; allowed: number }[] = [];
      const until = (done: number) =>
        waitFor(
          async () => {
            samples.push(await progress());
            return samples.at(-1)!.done >= done;
          },
          { within: 90_000, every: 50, what: `${done} redriven` },
        );
      await until(3_000);
      await stage.kill(first);
      expect((await progress()).done).toBeLessThan(COUNT);
      await stage.start('relay');
      await until(COUNT);
      isOver = true;
      await traffic;

      expectGreen(await stage.verdict({ alerts: ['dead_letters:harness.hook'] }));
      expect(samples.filter(({ done, allowed }) => done > allowed + BURST)).toEqual([]);
      expect((await progress()).state).toBe('done');
      const accepted = stage.client.intents.length;
      expect(accepted).toBeGreaterThan(COUNT);
      expect(await stage.countByStatus()).toEqual({ delivered: accepted });
      // Each of the redriven was refused once and taken once; nothing else was called twice.
      expect(ledger.calls).toHaveLength(accepted + COUNT);
      const { items } = await stage.client.call('GET', `/v1/admin/audit?target=${id}`);
      expect(items).toMatchObject([
        { action: 'redrive.create', reason: 'the subscriber has mended it', after: { matched: COUNT } },
      ]);
    });
  });
});
