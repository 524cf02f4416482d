import type { Queue } from 'bullmq';

import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { AWAY, type BackendHealth } from './backend-health.js';
import { DELIVERY_JOB, type DeliveryJob, type HintRow, toJob } from './delivery-job.js';
import type { QueueConnections } from './queue-connections.js';
import type { QueueRef } from './queue-names.js';

const JOB_OPTIONS = {
  attempts: 1, // what follows a failure is decided in PostgreSQL
  removeOnComplete: true,
  removeOnFail: true,
  stackTraceLimit: 0, // a stack trace may quote data, and it would stay in Redis
} as const;

/**
 * For a bulk, BullMQ makes two temporary tables in PostgreSQL, however little is in it: several milliseconds of its time, and rows
 * of its catalogue that are dead at once. So many are added one by one.
 */
const FEW_JOBS = 8;

type PublishedJob = Parameters<Queue<DeliveryJob>['addBulk']>[0][number];

export interface QueueCounts {
  waiting: number;
  active: number;
}

/** The queues as the relay and upkeep use them: add hints, count jobs. Everything else about BullMQ stays in here. */
export class Queues {
  constructor(
    readonly refs: readonly QueueRef[],
    private readonly byName: ReadonlyMap<string, Queue>,
    private readonly connections: QueueConnections,
  ) {}

  get backend(): QueueConnections['backend'] {
    return this.connections.backend;
  }

  /** Adds one job a chunk. Not atomic: when it throws, some may be in; their hints are then stale. */
  async publish(queue: string, chunks: readonly (readonly HintRow[])[]): Promise<void> {
    const jobs = chunks.map((chunk) => ({
      name: DELIVERY_JOB,
      data: toJob(chunk),
      opts: { ...JOB_OPTIONS, jobId: `d-${timeOrderedId()}` },
    }));
    await withTimeout(this.add(this.queue(queue), jobs), PUBLISH_TIMEOUT_MS);
  }

  async counts(queue: string): Promise<QueueCounts> {
    const counts = await withTimeout(
      this.queue(queue).getJobCounts('waiting', 'active', 'prioritized'),
      PUBLISH_TIMEOUT_MS,
    );
    return {
      waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
      active: counts['active'] ?? 0,
    };
  }

  ping(): Promise<void> {
    return withTimeout(this.connections.ping(), PUBLISH_TIMEOUT_MS);
  }

  checkMarker(): Promise<boolean> {
    return withTimeout(this.connections.checkMarker(), PUBLISH_TIMEOUT_MS);
  }

  /** What is wrong with what holds the queues; that it does not answer is an answer. */
  inspect(): Promise<BackendHealth> {
    return withTimeout(this.connections.inspect(), PUBLISH_TIMEOUT_MS).catch(() => AWAY);
  }

  private add(queue: Queue<DeliveryJob>, jobs: PublishedJob[]): Promise<unknown> {
    const isOneByOne = this.backend === 'postgresql' && jobs.length <= FEW_JOBS;
    return isOneByOne
      ? Promise.all(jobs.map(({ name, data, opts }) => queue.add(name, data, opts)))
      : queue.addBulk(jobs);
  }

  private queue(name: string): Queue<DeliveryJob> {
    return this.byName.get(name)! as Queue<DeliveryJob>;
  }
}

/** The queue may hang without an error; whoever waits for it must not. */
const PUBLISH_TIMEOUT_MS = 5_000;

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The queue did not answer within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
