import { afterEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { distribution } from './support/behaviour.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { Random } from '../support/random.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, letter, many, text } from './support/workload.js';

/** An orchestrator's. */
const GRACE_MS = 25_000;

describe.each(BACKENDS)('a process that is told to end (%s)', (backend) => {
  let stage: Stage;

  afterEach(() => stage.stop());

  it('25. SIGTERM under load, each process → in flight ends or is in doubt; nothing lost', async () => {
    stage = await openStage(backend);
    const first = [];
    for (const role of ['api', 'relay', 'worker']) first.push(await stage.start(role));
    await stage.start('api,relay,worker');
    const endpoint = await stage.createEndpoint();
    stage.providers.hooks.plan = distribution(new Random(25), [
      [0.05, 'hang'],
      [0.9, { slowMs: 50 }],
    ]);
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        const requests = many(12, (i) => (i % 4 === 0 ? letter() : i % 4 === 1 ? text() : hook(endpoint)));
        await Promise.all(requests.map((request) => stage.client.post(request)));
      }
    })();
    await waitFor(() => stage.providers.ledger.calls.length > 50, { what: 'load under way' });
    for (const one of first) {
      one.signal('SIGTERM');
      expect(await one.ended).toBe(0);
    }
    isOver = true;
    await load;
    expectGreen(await stage.verdict());
  });

  it('25. SIGTERM with calls that outlive the grace of 25 s → cut, in doubt, recorded before the SIGKILL', async () => {
    stage = await openStage(backend, { file: { timeout: '60s' } });
    await stage.start('api,relay');
    const worker = await stage.start('worker');
    const endpoint = await stage.createEndpoint();
    stage.providers.hooks.plan = () => 'hang';
    await stage.client.postBatch(many(5, () => hook(endpoint, { on_in_doubt: 'park' })));
    await waitFor(() => stage.providers.ledger.calls.length === 5, { what: 'five calls under way' });
    const killing = setTimeout(() => worker.signal('SIGKILL'), GRACE_MS);
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
    clearTimeout(killing);
    const attempts = (await readDatabaseLedger(stage.pool)).flatMap((row) => row.attempts);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(many(5, () => 'in_doubt'));
    expect(attempts.filter(({ code }) => code === 'worker_lost')).toEqual([]);
    expectGreen(await stage.verdict());
  });
});
