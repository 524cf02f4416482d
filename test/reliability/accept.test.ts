import { afterEach, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, many } from './support/workload.js';

describe.each(BACKENDS)('the door under fire (%s)', (backend) => {
  let stage: Stage;

  afterEach(() => stage.stop());

  const stored = async (): Promise<number> => (await stage.pool.query('SELECT FROM notifications')).rowCount!;
  const statuses = (): unknown[] =>
    stage.client.intents.flatMap(({ tries }) => tries.map(({ status }) => status));

  it('1. kill -9 API before commit → client error, no row, the retry makes exactly one', async () => {
    stage = await openStage(backend);
    const first = await stage.start('api', { crashAt: 'before_commit' });
    const endpoint = await stage.createEndpoint();
    const posting = stage.client.post(hook(endpoint));
    expect(await first.ended).toBe('SIGKILL');
    expect(await stored()).toBe(0);
    await stage.start('api,relay,worker');
    const intent = await posting;
    expect(intent.tries[0]!.status).toBe('error');
    expect(intent.tries.at(-1)!.status).toBe(202);
    expectGreen(await stage.verdict());
    expect(await stored()).toBe(1);
  });

  it('2. kill -9 API after commit, before the reply → recovered: the retry gets the same id', async () => {
    stage = await openStage(backend);
    const first = await stage.start('api', { crashAt: 'after_commit_before_reply' });
    const endpoint = await stage.createEndpoint();
    const posting = stage.client.post(hook(endpoint));
    expect(await first.ended).toBe('SIGKILL');
    expect(await stored()).toBe(1);
    await stage.start('api,relay,worker');
    const intent = await posting;
    expect(intent.tries[0]!.status).toBe('error');
    expect(intent.tries.at(-1)!.status).toBe(200);
    expectGreen(await stage.verdict());
    expect(await stored()).toBe(1);
  });

  it('3. 1,000 identical POSTs at once, and two contents for one key → one row, one delivery; 409 for the other', async () => {
    stage = await openStage(backend);
    await stage.start('api,relay,worker');
    await stage.start('api');
    const endpoint = await stage.createEndpoint();
    const request = hook(endpoint);
    await Promise.all(many(1_000, () => stage.client.post(request)));
    expect(statuses().filter((status) => status === 202)).toHaveLength(1);
    expect(statuses().filter((status) => status === 200)).toHaveLength(999);
    const other = await stage.client.post({ ...request, data: { number: 'another' } });
    expect(other.tries.map(({ status }) => status)).toEqual([409]);
    expectGreen(await stage.verdict());
    expect(await stored()).toBe(1);
    expect(stage.providers.ledger.calls).toHaveLength(1);
  });

  it('30. two groups with crossed duplicates; a row the database refuses inside a group → no deadlock; only the guilty caller sees an error', async () => {
    stage = await openStage(backend);
    await stage.start('api,relay,worker');
    await stage.start('api');
    const endpoint = await stage.createEndpoint();
    // What the schema lets through and the database does not: a fault of one row's data, found at the commit.
    await stage.pool.query(
      `ALTER TABLE notifications ADD CONSTRAINT of_this_row CHECK (type <> 'harness.refused') NOT VALID`,
    );
    const requests = many(400, () => hook(endpoint));
    const guilty = hook(endpoint, { type: 'harness.refused' });
    const crossed = [requests, [...requests].reverse(), requests, [...requests].reverse()];
    const refused = { patienceMs: 0 };
    await Promise.all([
      ...crossed.map((all) => stage.client.postBatch(all)),
      ...many(4, () => stage.client.post(guilty, refused)),
      stage.client.postBatch([guilty, ...many(50, () => hook(endpoint))], refused),
    ]);
    const guiltyOnes = stage.client.intents.filter(({ request }) => request === guilty);
    expect(guiltyOnes).toHaveLength(5);
    expect(guiltyOnes.every(({ tries }) => tries[0]!.status === 500)).toBe(true);
    const innocent = stage.client.intents.filter(({ request }) => request !== guilty);
    expect(innocent.flatMap(({ tries }) => tries).filter(({ status }) => Number(status) >= 300)).toEqual([]);
    expectGreen(await stage.verdict());
    expect(await stored()).toBe(450);
    await waitFor(async () => (await stage.pool.query('SELECT FROM outbox')).rowCount === 0);
  });
});
