import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { type Published, publishDue, type Route } from './sql/publish-due.js';
import { releaseLost } from './sql/release-lost.js';
import { type QueueState, survey } from './sql/survey.js';
import { takeBack } from './sql/take-back.js';

export type { Published, Route } from './sql/publish-due.js';
export type { QueueState } from './sql/survey.js';

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

  survey(routes: readonly Route[]): Promise<Map<string, QueueState>> {
    return survey(this.pool, routes);
  }
}
