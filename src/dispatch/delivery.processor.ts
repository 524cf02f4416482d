import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type Type } from '@nestjs/common';
import type { Job } from 'bullmq';

import { Log } from '../platform/logging/log.js';
import { type DeliveryJob, fromJob } from '../queues/delivery-job.js';
import { occasionally, type QueueConnections } from '../queues/queue-connections.js';
import type { QueueRef } from '../queues/queue-names.js';
import { DispatchService } from './dispatch.service.js';
import { jobsAtOnce } from './jobs-at-once.js';

/** The only place that knows BullMQ's side of a delivery: a job in, its hints to the spine. */
@Injectable()
abstract class DeliveryProcessor extends WorkerHost {
  protected abstract readonly queue: QueueRef;
  private readonly complain: (error: Error) => void;

  constructor(
    @Inject(DispatchService) private readonly dispatch: DispatchService,
    @Inject(Log) log: Log,
  ) {
    super();
    this.complain = occasionally(log);
  }

  // All three parameters are declared: BullMQ passes the signal only to processors that do.
  override async process(
    job: Job<DeliveryJob>,
    _token: string | undefined,
    _signal?: AbortSignal,
  ): Promise<void> {
    const hints = fromJob(job.data);
    this.worker.concurrency = jobsAtOnce(hints.length); // those after it are mostly as large
    await this.dispatch.takeChunk(hints, this.queue);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.complain(error);
  }

  start(): void {
    void this.worker.run();
  }

  /** Takes no more jobs; those under way go on. */
  async pause(): Promise<void> {
    await this.worker.pause(true);
  }
}

/** A processor class for one queue: Nest and BullMQ know processors by their class and its decorator. */
export function deliveryProcessorFor(
  queue: QueueRef,
  connections: QueueConnections,
): Type<DeliveryProcessor> {
  @Processor(queue.bullName, {
    connection: connections.consumer as never,
    autorun: false, // started when everything else is
    concurrency: jobsAtOnce(1), // how many calls are in flight is the slots' affair
    lockDuration: 60_000, // renewed while a chunk waits for places
    stalledInterval: 30_000,
    maxStalledCount: 1_000, // a job that outlives its workers is a hint like any other; PostgreSQL counts attempts
    runRetryDelay: 1_000, // after a connection error; BullMQ's default of 15 s is a long silence
    drainDelay: 5,
  })
  class QueueDeliveryProcessor extends DeliveryProcessor {
    protected readonly queue = queue;
  }
  return QueueDeliveryProcessor;
}

export { DeliveryProcessor };
