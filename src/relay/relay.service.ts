import { crashPoint } from '#crash-point';
import { Inject, Injectable } from '@nestjs/common';

import { GatesStore } from '../gates/gates.store.js';
import {
  OutboxStore,
  type Published,
  type QueueWindow,
  type Route,
  type WindowState,
} from '../outbox/outbox.store.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { Queues } from '../queues/queues.js';
import { intoChunks } from './chunks.js';
import { dealOut, interleave } from './fair-share.js';
import { ProviderRouter } from './provider-router.service.js';
import { type Survey, Surveyor } from './due.js';
import { Windows } from './windows.js';

/** Rows marked by one statement. A larger one holds its locks longer than it saves. */
const BATCH = 500;

/** What one pass over all queues came to. */
export interface Pass {
  published: number;
  /** Something is due and its queue has no room. */
  isFull: boolean;
  /** There was more to look at than one pass does. */
  hasMore: boolean;
  /** Until the next row may go, milliseconds; negative when it may already; undefined when nothing waits. */
  dueMs: number | undefined;
  /** The first queue that could not be served, and why. */
  failure: Error | undefined;
}

/**
 * Moves what is due from the outbox into queues: mark and commit, then publish. Several relays may run.
 *
 * Promises: a row is marked before its hint exists, so a crash in between costs a delay (upkeep finds it), never a
 * notification; a hint published twice is stale the second time. Leaves waking and waiting to RelayLoop.
 */
@Injectable()
export class RelayService {
  private readonly windows = new Windows();
  private readonly surveyor: Surveyor;

  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(Queues) private readonly queues: Queues,
    @Inject(ProviderRouter) private readonly router: ProviderRouter,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Log) private readonly log: Log,
  ) {
    this.surveyor = new Surveyor(outbox);
  }

  /** Looks at every queue and publishes what is due and has room. */
  async runOnce(): Promise<Pass> {
    const gates = await this.gates.held();
    const routes = this.router.routes(gates);
    const survey = await this.surveyor.look(routes, gates);
    const pass: Pass = {
      published: 0,
      isFull: false,
      hasMore: survey.hasMore,
      dueMs: undefined,
      failure: undefined,
    };
    for (const route of routes) {
      const dueMs = survey.dueMs(route);
      if (dueMs === undefined) continue;
      pass.dueMs = Math.min(pass.dueMs ?? Infinity, dueMs);
      if (dueMs > 0) continue;
      const published = await this.publish(route, survey).catch((error: unknown) => {
        pass.failure ??= error as Error; // the other queues are not to blame
        return 0;
      });
      if (published === 'no room') pass.isFull = true;
      else pass.published += published;
    }
    return pass;
  }

  private async publish(route: Route, survey: Survey): Promise<number | 'no room'> {
    const room = this.roomOf(route, survey.windows.get(route.queue));
    if (room === 0) return 'no room';
    const hints =
      route.channel === 'webhook'
        ? await this.takeOfEndpoints(route, survey, room)
        : await this.outbox.publishDue(route, room);
    if (hints === 'no room' || hints.length === 0) return hints === 'no room' ? hints : 0;
    crashPoint('after_mark_before_publish');
    try {
      await this.queues.publish(route.queue, intoChunks(hints));
      crashPoint('after_publish');
    } catch (error) {
      await this.takeBack(route, hints, error);
      throw new QueueUnavailable(route.queue, error);
    }
    this.gauges.published.inc({ queue: route.queue }, hints.length);
    return hints.length;
  }

  private roomOf(route: Route, state: QueueWindow | undefined): number {
    return route.isProbe ? probeRoom(state) : Math.min(BATCH, this.windows.roomOfQueue(route.queue, state));
  }

  /** Each endpoint's own share of the room, dealt one by one so that a chunk holds hints of many. */
  private async takeOfEndpoints(
    route: Route,
    survey: Survey,
    room: number,
  ): Promise<Published[] | 'no room'> {
    const state = survey.windows.get(route.queue);
    const rooms = survey.endpoints(route).map((endpointId) => ({
      endpointId,
      room: survey.isProbed(endpointId)
        ? probeRoom(state?.endpoints.get(endpointId))
        : this.windows.roomOfEndpoint(endpointId, state, route.perEndpointConcurrency),
    }));
    const shares = dealOut(rooms, room);
    return shares.length === 0
      ? 'no room'
      : interleave(await this.outbox.publishDueOfEndpoints(route, shares));
  }

  /** Whether or not some hints got in: their numbers are spent, so taking the marks back cannot send anything twice. */
  private async takeBack(route: Route, hints: readonly Published[], cause: unknown): Promise<void> {
    this.log.warn('relay.publish_failed', { queue: route.queue, hints: hints.length, err: cause });
    await this.outbox.takeBack(hints, 0);
  }
}

/** One, when none is out. */
const probeRoom = (state: WindowState | undefined): number => ((state?.count ?? 0) === 0 ? 1 : 0);

/** The queue did not take hints; they are back in the outbox. */
export class QueueUnavailable extends Error {
  constructor(queue: string, cause: unknown) {
    super(`The queue ${queue} could not be published to.`, { cause });
    this.name = 'QueueUnavailable';
  }
}
