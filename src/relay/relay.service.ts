import { Inject, Injectable } from '@nestjs/common';

import { OutboxStore, type Published, type Route } from '../outbox/outbox.store.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { Queues } from '../queues/queues.js';
import { intoChunks } from './chunks.js';
import { ProviderRouter } from './provider-router.service.js';
import { Window } from './window.js';

/** Rows marked by one statement. A larger one holds its locks longer than it saves. */
const BATCH = 500;

/** What one pass over all queues came to. */
export interface Pass {
  published: number;
  /** Something is due and its queue has no room. */
  isFull: boolean;
  /** Until the next row may go, milliseconds; negative when it may already; undefined when nothing waits. */
  dueMs: number | undefined;
}

/**
 * Moves what is due from the outbox into queues: mark and commit, then publish. Several relays may run.
 *
 * Promises: a row is marked before its hint exists, so a crash in between costs a delay (upkeep finds it), never a
 * notification; a hint published twice is stale the second time. Leaves waking and waiting to RelayLoop.
 */
@Injectable()
export class RelayService {
  private readonly windows = new Map<string, Window>();

  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(Queues) private readonly queues: Queues,
    @Inject(ProviderRouter) private readonly router: ProviderRouter,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** Looks at every queue and publishes what is due and has room. */
  async runOnce(): Promise<Pass> {
    const routes = this.router.routes();
    const states = await this.outbox.survey(routes);
    const pass: Pass = { published: 0, isFull: false, dueMs: undefined };
    for (const route of routes) {
      const state = states.get(route.queue)!;
      if (state.dueMs === null) continue;
      pass.dueMs = Math.min(pass.dueMs ?? Infinity, state.dueMs);
      if (state.dueMs > 0) continue;
      const room = this.windowOf(route.queue).room(state);
      if (room > 0) pass.published += await this.publish(route, Math.min(BATCH, room));
      else pass.isFull = true;
    }
    return pass;
  }

  private async publish(route: Route, limit: number): Promise<number> {
    const hints = await this.outbox.publishDue(route, limit);
    if (hints.length === 0) return 0;
    try {
      await this.queues.publish(route.queue, intoChunks(hints));
    } catch (error) {
      await this.takeBack(route, hints, error);
      throw new QueueUnavailable(route.queue, error);
    }
    this.gauges.published.inc({ queue: route.queue }, hints.length);
    return hints.length;
  }

  /** Whether or not some hints got in: their numbers are spent, so taking the marks back cannot send anything twice. */
  private async takeBack(route: Route, hints: readonly Published[], cause: unknown): Promise<void> {
    this.log.warn('relay.publish_failed', { queue: route.queue, hints: hints.length, err: cause });
    await this.outbox.takeBack(hints, 0);
  }

  private windowOf(queue: string): Window {
    const window = this.windows.get(queue) ?? new Window();
    this.windows.set(queue, window);
    return window;
  }
}

/** The queue did not take hints; they are back in the outbox. */
export class QueueUnavailable extends Error {
  constructor(queue: string, cause: unknown) {
    super(`The queue ${queue} could not be published to.`, { cause });
    this.name = 'QueueUnavailable';
  }
}
