import { afterEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import type { StoredAttempt } from './support/database-ledger.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { deploymentFile } from './support/deployment-file.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, letter, many, text } from './support/workload.js';

describe.each(BACKENDS)('a worker under fire (%s)', (backend) => {
  let stage: Stage;

  afterEach(() => stage.stop());

  const callsFor = (id: string) => stage.providers.ledger.calls.filter(({ of }) => of === id);
  const inDoubt = ({ outcome, code }: StoredAttempt) => outcome === 'in_doubt' && code === 'worker_lost';
  /** A webhook, a letter and a text, each alone with a worker that dies of it. */
  const eachOnADyingWorker = async (crashAt: string) => {
    await stage.start('api,relay');
    const endpoint = await stage.createEndpoint();
    const requests = [hook(endpoint), letter(), text()];
    for (const request of requests) {
      const worker = await stage.start('worker', { crashAt });
      await stage.client.post(request);
      expect(await worker.ended).toBe('SIGKILL');
    }
    await stage.start('worker');
    expectGreen(await stage.verdict());
    const stored = await readDatabaseLedger(stage.pool);
    return requests.map((request) => stored.find((row) => row.businessId === request.business_id)!);
  };

  it('6. kill -9 worker after the claim’s commit, before the socket write → upkeep → in doubt → policy', async () => {
    stage = await openStage(backend);
    const [webhook, mail, sms] = await eachOnADyingWorker('after_claim_before_send');
    expect(webhook!.attempts.map(inDoubt)).toEqual([true, false]);
    expect(webhook!.status).toBe('delivered');
    expect(callsFor(webhook!.id)).toHaveLength(1);
    for (const parked of [mail!, sms!]) {
      expect(parked.attempts.map(inDoubt)).toEqual([true]);
      expect(parked.status).toBe('in_doubt');
    }
    expect(stage.providers.ledger.calls).toHaveLength(1);
  });

  it('7. kill -9 worker after the provider’s 2xx, before the outcome’s commit → in doubt → policy; same webhook-id and Message-ID', async () => {
    stage = await openStage(backend);
    const [webhook, mail, sms] = await eachOnADyingWorker('after_provider_answer_before_outcome');
    expect(webhook!.attempts.map(inDoubt)).toEqual([true, false]);
    expect(callsFor(webhook!.id).map(({ key }) => key)).toEqual([webhook!.id, webhook!.id]);
    expect(mail!.status).toBe('in_doubt');
    expect(sms!.status).toBe('in_doubt');
    // An operator says: again. The provider is told the same Message-ID.
    await stage.client.call('POST', `/v1/admin/notifications/${mail!.id}/resolve`, {
      as: 'retry',
      reason: 'the reader has nothing',
    });
    await stage.drain();
    const keys = callsFor(mail!.id).map(({ key }) => key);
    expect(keys[0]).toContain(mail!.id);
    expect(keys).toEqual([keys[0], keys[0]]);
  });

  it('8. kill -9 worker again and again on one job → dead by its attempts; never stuck, others unharmed', async () => {
    stage = await openStage(backend, {
      yaml: (providers) =>
        `${deploymentFile(providers)}  harness.bomb: { channel: webhook, on_in_doubt: retry, retry: { retries: 1, base: 100ms, slow: [] } }\n`,
    });
    await stage.start('api,relay');
    const endpoint = await stage.createEndpoint();
    let deaths = 0;
    let isOver = false;
    const supervise = async (): Promise<void> => {
      while (!isOver) {
        const worker = await stage.start('worker', {
          crashAt: 'after_claim_before_send@harness.bomb',
          isAwaited: false,
        });
        const how = await Promise.race([worker.ended, bombIsDead()]);
        if (how === 'SIGKILL') deaths++;
        else isOver = true;
      }
    };
    const bomb = await stage.client.post(hook(endpoint, { type: 'harness.bomb' }), { expects: 'dead' });
    const bombIsDead = () =>
      waitFor(
        async () => {
          const { rows } = await stage.pool.query(
            `SELECT status FROM notifications WHERE type = 'harness.bomb'`,
          );
          return rows[0].status === 'dead';
        },
        { within: 120_000, what: 'the bomb given up', every: 200 },
      );
    const supervising = supervise();
    await stage.client.postBatch(many(60, () => hook(endpoint)));
    await supervising;
    expectGreen(await stage.verdict({ alerts: ['dead_letters:harness.bomb'] }));
    expect(deaths).toBe(2);
    expect(callsFor([...bomb.ids][0]!)).toHaveLength(0);
    expect((await stage.countByStatus())['delivered']).toBe(60);
  });
});
