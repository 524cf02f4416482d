import { crashPoint } from '#crash-point';
import { Inject, Injectable } from '@nestjs/common';

import type { Published, Route } from '../outbox/outbox.store.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { occasionally } from '../queues/queue-connections.js';
import { Queues } from '../queues/queues.js';
import { intoChunks } from './chunks.js';
import { interleave } from './fair-share.js';
import { HandBacks } from './hand-backs.service.js';
import { Marks } from './marks.service.js';
import type { Order } from './order.js';

/** Marks rows and publishes their hints: mark and commit, then the queue, with no transaction open. */
@Injectable()
export class Publisher {
  private readonly complain: ReturnType<typeof occasionally>;

  constructor(
    @Inject(Marks) private readonly marks: Marks,
    @Inject(HandBacks) private readonly handBacks: HandBacks,
    @Inject(Queues) private readonly queues: Queues,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Log) log: Log,
  ) {
    this.complain = occasionally(log, 'relay.publish_failed');
  }

  /** The hints that went out. Throws QueueUnavailable when the queue took none; then all are back in the outbox. */
  async publish(order: Order): Promise<Published[]> {
    const { route } = order;
    const hints = interleave(await this.marks.mark(order));
    if (hints.length === 0) return hints;
    crashPoint('after_mark_before_publish');
    try {
      await this.queues.publish(route.queue, intoChunks(hints));
      crashPoint('after_publish');
    } catch (error) {
      await this.takeBack(route, hints, error);
      throw new QueueUnavailable(route.queue, error);
    }
    this.gauges.published.inc({ queue: route.queue }, hints.length);
    return hints;
  }

  /** Whether or not some hints got in: their numbers are spent, so taking the marks back cannot send anything twice. */
  private async takeBack(route: Route, hints: readonly Published[], cause: unknown): Promise<void> {
    this.complain(cause, { queue: route.queue, hints: hints.length });
    await this.handBacks.takeBack(route.provider, hints, 0);
  }
}

/** The queue did not take hints; they are back in the outbox. */
export class QueueUnavailable extends Error {
  constructor(queue: string, cause: unknown) {
    super(`The queue ${queue} could not be published to.`, { cause });
    this.name = 'QueueUnavailable';
  }
}
