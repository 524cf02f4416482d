import type { Queue } from 'bullmq';
import { describe, expect, it, vi } from 'vitest';

import type { QueueConnections } from '../../../src/queues/queue-connections.js';
import { Queues } from '../../../src/queues/queues.js';

const hint = (id: string) => ({ id, dispatch: 1, endpointId: null });
const chunksOf = (count: number) => Array.from({ length: count }, (_, i) => [hint(`${i}`)]);

/** What BullMQ was asked to add, in how many calls of which kind. */
async function published(backend: QueueConnections['backend'], chunks: number) {
  const add = vi.fn(async () => undefined);
  const addBulk = vi.fn(async (_jobs: unknown[]) => undefined);
  const byName = new Map([['smtp.bulk', { add, addBulk } as unknown as Queue]]);
  const queues = new Queues([], byName, { backend } as QueueConnections);
  await queues.publish('smtp.bulk', chunksOf(chunks));
  return { one: add.mock.calls.length, bulks: addBulk.mock.calls.map(([jobs]) => jobs.length) };
}

describe('publishing', () => {
  it('adds a few jobs one by one in PostgreSQL, where a bulk makes temporary tables', async () => {
    expect(await published('postgresql', 1)).toEqual({ one: 1, bulks: [] });
    expect(await published('postgresql', 8)).toEqual({ one: 8, bulks: [] });
  });

  it('adds many at once, and in Redis any number', async () => {
    expect(await published('postgresql', 9)).toEqual({ one: 0, bulks: [9] });
    expect(await published('redis', 1)).toEqual({ one: 0, bulks: [1] });
  });
});
