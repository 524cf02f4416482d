import { Inject, Injectable } from '@nestjs/common';

import type { Lane } from '../domain/channel.js';
import { WorkPool } from '../platform/database/pools.js';
import {
  type EndpointCursor,
  type EndpointDue,
  endpointsDue,
  type NextDue,
  nextDue,
} from './sql/next-due.js';
import { type EndpointRoom, publishDueOfEndpoints } from './sql/publish-due-of-endpoints.js';
import { type Published, publishDue, type Route } from './sql/publish-due.js';
import { publishedWindows, type QueueWindow } from './sql/published-windows.js';
import { releaseLost } from './sql/release-lost.js';
import { releaseStrays } from './sql/release-strays.js';
import { takeBack } from './sql/take-back.js';

export type { Published, Route } from './sql/publish-due.js';
export type { EndpointCursor, EndpointDue, NextDue } from './sql/next-due.js';
export type { EndpointRoom } from './sql/publish-due-of-endpoints.js';
export type { QueueWindow, WindowState } from './sql/published-windows.js';

/** The outbox as relay, workers and upkeep see it. Rows are written at accept and with outcomes, deleted by who acts. */
@Injectable()
export class OutboxStore {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  publishDue(route: Route, limit: number): Promise<Published[]> {
    return publishDue(this.pool, route, limit);
  }

  takeBack(hints: readonly { id: string; dispatch: number }[], delayMs: number): Promise<number> {
    return takeBack(this.pool, hints, delayMs);
  }

  releaseLost(queue: string, olderThanMs: number, limit: number): Promise<number> {
    return releaseLost(this.pool, queue, olderThanMs, limit);
  }

  releaseStrays(queues: readonly string[], olderThanMs: number, limit: number): Promise<number> {
    return releaseStrays(this.pool, queues, olderThanMs, limit);
  }

  publishDueOfEndpoints(route: Route, rooms: readonly EndpointRoom[]): Promise<Published[]> {
    return publishDueOfEndpoints(this.pool, route, rooms);
  }

  windows(): Promise<ReadonlyMap<string, QueueWindow>> {
    return publishedWindows(this.pool);
  }

  nextDue(lanes: readonly { channel: string; lane: Lane }[]): Promise<NextDue[]> {
    return nextDue(this.pool, lanes);
  }

  endpointsDue(cursor: EndpointCursor, limit: number): Promise<EndpointDue[]> {
    return endpointsDue(this.pool, cursor, limit);
  }
}
