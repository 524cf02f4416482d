import { afterEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { deploymentFile } from './support/deployment-file.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, letter, many } from './support/workload.js';

describe.each(BACKENDS)('the hints of one chunk (%s)', (backend) => {
  let stage: Stage;

  afterEach(() => stage.stop());

  it('31. one throwing hint in a chunk of 50 → the other 49 unharmed', async () => {
    stage = await openStage(backend, {
      yaml: (providers) =>
        deploymentFile(providers).replace('retries: 40, base: 300ms', 'retries: 1, base: 300ms'),
    });
    const api = await stage.start('api');
    const guilty = letter();
    // A backlog of 400 is cut into chunks of fifty.
    await stage.client.postBatch(many(399, () => letter()));
    const intent = await stage.client.post(guilty, { expects: 'dead' });
    // What no worker can open: it throws where no provider was asked yet.
    await stage.pool.query(`UPDATE notifications SET payload = '\\x00' WHERE business_id = $1`, [
      guilty.business_id,
    ]);
    await stage.start('relay,worker');
    expectGreen(await stage.verdict());
    expect(api.child.exitCode).toBeNull();
    expect(await stage.countByStatus()).toEqual({ sent: 399, dead: 1 });
    expect(stage.providers.ledger.calls).toHaveLength(399);
    const [stored] = (await readDatabaseLedger(stage.pool)).filter(({ id }) => intent.ids.has(id));
    const codes = stored!.attempts.map(({ outcome, code }) => `${outcome} ${code}`);
    expect(new Set(codes)).toEqual(new Set(['not_sent internal']));
  });

  it('31. a chunk longer than its time bound → unclaimed ones handed back', async () => {
    stage = await openStage(backend, { file: { concurrency: 1, perEndpointConcurrency: 1, timeout: '20s' } });
    await stage.start('api,relay');
    const worker = await stage.start('worker');
    const endpoint = await stage.createEndpoint();
    stage.providers.hooks.plan = () => (stage.providers.hooks.maxOpen > 0 ? 'take' : { slowMs: 13_000 });
    await stage.client.postBatch(many(30, () => hook(endpoint)));
    await waitFor(
      async () => (await stage.pool.query('SELECT FROM outbox WHERE dispatch > 1')).rowCount! > 0,
      { what: 'hints handed back' },
    );
    expect(worker.child.exitCode).toBeNull();
    expectGreen(await stage.verdict());
    expect(stage.providers.ledger.calls).toHaveLength(30);
    // Handing back costs no try: nobody was called.
    const { rows } = await stage.pool.query(
      'SELECT max(tries) AS tries, max(dispatch) AS dispatch FROM notifications',
    );
    expect(rows[0].tries).toBe(1);
    expect(rows[0].dispatch).toBeGreaterThan(1);
  });
});
