import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type Type } from '@nestjs/common';
import type { Job } from 'bullmq';

import { ChannelRegistry } from '../channels/channel.registry.js';
import { Log } from '../platform/logging/log.js';
import { type DeliveryJob, fromJob } from '../queues/delivery-job.js';
import { occasionally, type QueueConnections } from '../queues/queue-connections.js';
import type { QueueRef } from '../queues/queue-names.js';
import { DispatchService } from './dispatch.service.js';
import { JOBS_AT_FIRST, jobsAtOnce } from './jobs-at-once.js';

/** The only place that knows BullMQ's side of a delivery: a job in, its hints to the spine. */
@Injectable()
abstract class DeliveryProcessor extends WorkerHost {
  protected abstract readonly queue: QueueRef;
  protected abstract readonly backend: QueueConnections['backend'];
  private readonly complain: (error: Error) => void;
  /** Hints of the jobs under way. */
  private inHand = 0;

  constructor(
    @Inject(DispatchService) private readonly dispatch: DispatchService,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
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
    this.hold(hints.length);
    await this.dispatch.takeChunk(hints, this.queue).finally(() => this.hold(-hints.length));
  }

  private hold(more: number): void {
    this.inHand += more;
    const { concurrency } = this.channels.provider(this.queue.provider);
    this.worker.concurrency = jobsAtOnce(this.backend, this.inHand, concurrency);
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
    concurrency: JOBS_AT_FIRST, // how many calls are in flight is the slots' affair
    lockDuration: 60_000, // renewed while a chunk waits for places
    stalledInterval: 30_000,
    maxStalledCount: 1_000, // a job that outlives its workers is a hint like any other; PostgreSQL counts attempts
    runRetryDelay: 1_000, // after a connection error; BullMQ's default of 15 s is a long silence
    drainDelay: 5,
  })
  class QueueDeliveryProcessor extends DeliveryProcessor {
    protected readonly queue = queue;
    protected readonly backend = connections.backend;
  }
  return QueueDeliveryProcessor;
}

export { DeliveryProcessor };
