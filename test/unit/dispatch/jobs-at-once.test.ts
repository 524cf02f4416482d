import { describe, expect, it } from 'vitest';

import { deliveryProcessorFor } from '../../../src/dispatch/delivery.processor.js';
import { jobsAtOnce } from '../../../src/dispatch/jobs-at-once.js';
import { Log } from '../../../src/platform/logging/log.js';
import { toJob } from '../../../src/queues/delivery-job.js';
import type { QueueRef } from '../../../src/queues/queue-names.js';

const QUEUE: QueueRef = {
  name: 'smtp.bulk',
  bullName: '{smtp.bulk}',
  provider: 'smtp',
  channel: 'email',
  lane: 'bulk',
};

const jobOf = (hints: number) => ({
  data: toJob(Array.from({ length: hints }, (_, i) => ({ id: `${i}`, dispatch: 1, endpointId: null }))),
});

describe('jobs at once', () => {
  it('are more while what is in hand is little beside the places', () => {
    expect([0, 39, 40, 400].map((inHand) => jobsAtOnce('redis', inHand, 20))).toEqual([32, 32, 8, 8]);
  });

  it('are eight where each is fetched with a commit of its own', () => {
    expect([0, 400].map((inHand) => jobsAtOnce('postgresql', inHand, 20))).toEqual([8, 8]);
  });

  it('follow what the jobs under way have in hand, and what they gave out of it', async () => {
    const ends: (() => void)[] = [];
    const dispatch = { takeChunk: () => new Promise<void>((resolve) => ends.push(resolve)) };
    const channels = { provider: () => ({ concurrency: 20 }) };
    const Processor = deliveryProcessorFor(QUEUE, { backend: 'redis', consumer: {} } as never);
    const processor = new Processor(dispatch, channels, new Log('silent'));
    const worker = { concurrency: 8 };
    Object.assign(processor, { _worker: worker });
    const full = processor.process(jobOf(50) as never, undefined);
    const small = processor.process(jobOf(2) as never, undefined);
    expect(worker.concurrency).toBe(8);
    ends[0]!();
    await full;
    expect(worker.concurrency).toBe(32);
    ends[1]!();
    await small;
    expect(worker.concurrency).toBe(32);
  });
});
