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
  it('are as many as make some hundred hints: eight full ones, and several times as many of few hints', () => {
    expect([1, 3, 10, 20, 50, 5_000].map(jobsAtOnce)).toEqual([32, 32, 32, 20, 8, 8]);
  });

  it('are those of an empty one as well', () => {
    expect(jobsAtOnce(0)).toBe(32);
  });

  it('follow the job that came last', async () => {
    const taken: number[] = [];
    const dispatch = { takeChunk: async (hints: unknown[]) => void taken.push(hints.length) };
    const Processor = deliveryProcessorFor(QUEUE, { consumer: {} } as never);
    const worker = { concurrency: 1 };
    const processor = new Processor(dispatch, new Log('silent'));
    Object.assign(processor, { _worker: worker });
    await processor.process(jobOf(50) as never, undefined);
    expect(worker.concurrency).toBe(8);
    await processor.process(jobOf(2) as never, undefined);
    expect(worker.concurrency).toBe(32);
    expect(taken).toEqual([50, 2]);
  });
});
