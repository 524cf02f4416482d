import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { Lane } from '../domain/channel.js';
import { WorkPool } from '../platform/database/pools.js';
import type { Destination, Group } from './group.js';
import { SenderTurns } from './sender-turns.js';
import { type EndpointCursor, type EndpointDue, endpointsDue } from './sql/endpoints-due.js';
import { type NextDue, nextDue } from './sql/next-due.js';
import { parkDue } from './sql/park-due.js';
import { parkHints } from './sql/park-hints.js';
import { type EndpointRoom, publishDueOfEndpoints } from './sql/publish-due-of-endpoints.js';
import { type Published, publishDue } from './sql/publish-due.js';
import { publishedWindows, type QueueWindow } from './sql/published-windows.js';
import { releaseLost } from './sql/release-lost.js';
import { releaseStrays } from './sql/release-strays.js';
import { takeBack } from './sql/take-back.js';
import { unpark } from './sql/unpark.js';
import { type KeysSwept, unblockHeads } from './sql/unblock-heads.js';

export type { Destination, Group, Route } from './group.js';
export type { EndpointCursor, EndpointDue } from './sql/endpoints-due.js';
export type { NextDue } from './sql/next-due.js';
export type { EndpointRoom } from './sql/publish-due-of-endpoints.js';
export type { Published } from './sql/publish-due.js';
export type { QueueWindow, WindowState } from './sql/published-windows.js';

/** The outbox as relay, workers and upkeep see it. Rows are written at accept and with outcomes, deleted by who acts. */
@Injectable()
export class OutboxStore {
  private readonly turns = new SenderTurns();

  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** `tx`: in the caller's transaction, which spends something: it waits for the disk, and a mark of its own does not. */
  async publishDue(group: Group, to: Destination, limit: number, tx?: PoolClient): Promise<Published[]> {
    return this.turns.take(group, limit, (most, after) =>
      publishDue(tx ?? this.pool, group, to, most, after, tx === undefined),
    );
  }

  /** `tx`: in the caller's transaction. */
  publishDueOfEndpoints(
    group: Group,
    to: Destination,
    rooms: readonly EndpointRoom[],
    tx?: PoolClient,
  ): Promise<Published[]> {
    return publishDueOfEndpoints(tx ?? this.pool, group, to, rooms, tx === undefined);
  }

  /** `tx`: in the caller's transaction. */
  takeBack(
    provider: string,
    hints: readonly { id: string; dispatch: number }[],
    delayMs: number,
    tx?: PoolClient,
  ): Promise<number> {
    return takeBack(tx ?? this.pool, provider, hints, delayMs);
  }

  /** Parks the first of a group that are of these types. `endpointIds`: of webhooks. Answers how many. */
  parkDue(group: Group, types: readonly string[], endpointIds: readonly string[]): Promise<number> {
    return parkDue(this.pool, group, types, endpointIds);
  }

  /** Parks what is out at a provider, not claimed, and of these types. Answers how many. */
  parkHints(
    provider: string,
    hints: readonly { id: string; dispatch: number }[],
    types: readonly string[],
  ): Promise<number> {
    return parkHints(this.pool, provider, hints, types);
  }

  /** Gives back what is parked for other types than these. Answers how many, at most `limit`. */
  unpark(paused: readonly string[], limit: number): Promise<number> {
    return unpark(this.pool, paused, limit);
  }

  releaseLost(queue: string, olderThanMs: number, limit: number): Promise<number> {
    return releaseLost(this.pool, queue, olderThanMs, limit);
  }

  releaseStrays(queues: readonly string[], olderThanMs: number, limit: number): Promise<number> {
    return releaseStrays(this.pool, queues, olderThanMs, limit);
  }

  /** Heads of ordering keys behind `after` that nobody else has unblocked; looks at `limit` keys. */
  unblockHeads(after: string, limit: number): Promise<KeysSwept> {
    return unblockHeads(this.pool, after, limit);
  }

  windows(tx?: PoolClient): Promise<ReadonlyMap<string, QueueWindow>> {
    return publishedWindows(tx ?? this.pool);
  }

  windowsOf(queues: readonly string[]): Promise<ReadonlyMap<string, QueueWindow>> {
    return publishedWindows(this.pool, queues);
  }

  nextDue(groups: readonly Group[]): Promise<NextDue[]> {
    return nextDue(this.pool, groups);
  }

  endpointsDue(lane: Lane, cursor: EndpointCursor, limit: number): Promise<EndpointDue[]> {
    return endpointsDue(this.pool, lane, cursor, limit);
  }
}
