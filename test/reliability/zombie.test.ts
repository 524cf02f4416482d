import { describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { readDatabaseLedger, type Stored } from './support/database-ledger.js';
import { BACKENDS, expectGreen, onStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook } from './support/workload.js';

/** Longer than the lease (20 s) and the round of upkeep behind it. */
const BEYOND_THE_LEASE_MS = 30_000;
/** A lease, upkeep, and a machine that is busy with others. */
const GIVEN_UP_MS = 60_000;

const isGivenUp = ({ attempts }: Stored): boolean => attempts[0]?.code === 'worker_lost';
const outcomesOf = ({ attempts }: Stored): unknown[] => attempts.map(({ outcome }) => outcome);
const storedOf = async (stage: Stage, businessId: string): Promise<Stored> =>
  (await readDatabaseLedger(stage.pool)).find((row) => row.businessId === businessId)!;

// Side by side: nearly all of their time is the lease's.
describe.each(BACKENDS)('a worker that stands still in a send (%s)', (backend) => {
  it.concurrent(
    '9. SIGSTOP worker beyond lock and lease, then SIGCONT → nobody else sends without policy; its late word completes its attempt and settles what is in doubt, nothing else',
    () =>
      onStage(backend, {}, async (stage) => {
        await stage.start('api,relay');
        const sleeper = await stage.start('worker');
        const endpoint = await stage.createEndpoint();
        stage.providers.hooks.plan = () => ({ slowMs: 1_000 });
        const parked = hook(endpoint, { on_in_doubt: 'park' });
        const again = hook(endpoint, { on_in_doubt: 'retry' });
        const buried = hook(endpoint, { on_in_doubt: 'park' });
        await Promise.all([parked, again].map((request) => stage.client.post(request)));
        await stage.client.post(buried, { expects: 'dead' });
        const callsFor = ({ id }: Stored) => stage.providers.ledger.calls.filter(({ of }) => of === id);
        await waitFor(() => stage.providers.ledger.calls.length === 3, { every: 5, what: 'three calls' });
        sleeper.signal('SIGSTOP');

        const witness = await stage.start('worker');
        const all = () => Promise.all([parked, again, buried].map((one) => storedOf(stage, one.business_id)));
        await waitFor(async () => (await all()).every(isGivenUp), {
          within: GIVEN_UP_MS,
          what: 'all given up',
        });
        const { id } = await storedOf(stage, buried.business_id);
        await stage.client.call('POST', `/v1/admin/notifications/${id}/resolve`, {
          as: 'dead',
          reason: 'it is too late for it',
        });
        await waitFor(async () => (await storedOf(stage, again.business_id)).status === 'delivered', {
          what: 'the one that may go again',
        });
        expect((await all()).map((one) => [one.status, callsFor(one).length])).toEqual([
          ['in_doubt', 1],
          ['delivered', 2],
          ['dead', 1],
        ]);
        expectGreen(await stage.verdict()); // now: a late word takes the doubt out of the books that allowed the second call

        sleeper.signal('SIGCONT');
        await waitFor(async () => !(await all()).some(isGivenUp), { what: 'its late words' });
        await stage.drain();
        expect((await all()).map((one) => [one.status, callsFor(one).length, outcomesOf(one)])).toEqual([
          ['delivered', 1, ['taken']],
          ['delivered', 2, ['taken', 'taken']],
          ['dead', 1, ['taken']],
        ]);
        expect([sleeper, witness].map(({ child }) => child.exitCode)).toEqual([null, null]);
      }),
  );

  it.concurrent(
    '10. event loop blocked beyond the lock → as 9; who wakes up before its call calls nobody',
    () =>
      onStage(backend, {}, async (stage) => {
        await stage.start('api,relay');
        const endpoint = await stage.createEndpoint();
        const before = hook(endpoint, { type: 'harness.before', on_in_doubt: 'park' });
        const after = hook(endpoint, { type: 'harness.after', on_in_doubt: 'park' });
        const both = () => Promise.all([before, after].map((one) => storedOf(stage, one.business_id)));
        // From the beginning: what is given up shows only until its worker wakes up.
        const givenUp = new Set<string>();
        const bothGivenUp = waitFor(
          async () => {
            for (const one of await both()) if (one && isGivenUp(one)) givenUp.add(one.id);
            return givenUp.size === 2;
          },
          { within: 2 * GIVEN_UP_MS, every: 200, what: 'both given up' },
        );
        const blocked = `block=${BEYOND_THE_LEASE_MS}`;
        for (const [request, place] of [
          [before, 'after_claim_before_send@harness.before'],
          [after, 'after_provider_answer_before_outcome@harness.after'],
        ] as const) {
          const worker = await stage.start('worker', { crashAt: `${place}:${blocked}` });
          await stage.client.post(request);
          await waitFor(() => worker.output().includes('crash point'), { what: 'the block' });
        }
        await stage.start('worker');
        await bothGivenUp;
        // They wake up: one had called nobody and may not any more, the other had its answer.
        await waitFor(async () => !(await both()).some(isGivenUp), {
          within: GIVEN_UP_MS,
          what: 'their late words',
        });
        expectGreen(await stage.verdict());
        const [unsent, sent] = await both();
        expect([unsent!.status, outcomesOf(unsent!)]).toEqual(['delivered', ['not_sent', 'taken']]);
        expect(unsent!.attempts[0]!.code).toBe('lease_lost');
        expect([sent!.status, outcomesOf(sent!)]).toEqual(['delivered', ['taken']]);
        const calls = stage.providers.ledger.calls.map(({ of }) => of);
        expect(calls.sort()).toEqual([unsent!.id, sent!.id].sort());
      }),
  );
});
