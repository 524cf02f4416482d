import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import { RestartTerms } from './restart-terms.service.js';
import { recordProgress, runningRedrives, takeItems, takeTurn, type Turn } from './sql/move-items.js';

/** Moved by one commit: small, so that a claim never waits long for its rows. */
const BATCH = 200;
/** Of one redrive in one run: others get their turn, and a shutdown waits for no more than this. */
const MAX_BATCHES = 25;

interface Step {
  redriven: number;
  refused: number;
  /** Its rate allows more at once. */
  hasMore: boolean;
}

/**
 * Moves what redrives cover back into the outbox, each at its own rate.
 *
 * Items, notifications, outbox rows and the redrive's own count change in one commit: a process that dies leaves the rest for
 * the next one, and nothing goes twice. One redrive that fails does not hold up the others.
 */
@Injectable()
export class RedriveRunner implements UpkeepService {
  readonly name = 'redrives';
  readonly everyMs = 500;
  readonly isExclusive = true;

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(RestartTerms) private readonly terms: RestartTerms,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const counts = { redriven: 0, refused: 0 };
    const failures: unknown[] = [];
    for (const id of await runningRedrives(this.pool)) {
      try {
        await this.advance(id, counts);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some redrives could not go on.');
    return counts;
  }

  private async advance(id: string, counts: { redriven: number; refused: number }): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const step = await inTransaction(this.pool, (tx) => this.step(tx, id));
      counts.redriven += step.redriven;
      counts.refused += step.refused;
      if (!step.hasMore) return;
    }
  }

  private async step(tx: PoolClient, id: string): Promise<Step> {
    const turn = await takeTurn(tx, id);
    const room = Math.min(BATCH, Math.floor(turn?.allowance ?? 0));
    if (!turn || room === 0) return { redriven: 0, refused: 0, hasMore: false };
    const ids = await takeItems(tx, id, room);
    const redriven = await this.sendAgain(tx, ids, turn);
    const left = turn.allowance - ids.length;
    await recordProgress(tx, id, redriven, ids.length - redriven, left / turn.ratePerSecond);
    return {
      redriven,
      refused: ids.length - redriven,
      hasMore: ids.length === room && left >= 1,
    };
  }

  private async sendAgain(tx: PoolClient, ids: readonly string[], turn: Turn): Promise<number> {
    const standing = await this.notifications.standing(tx, ids);
    const items = standing.map((one) =>
      one.status === 'dead' ? this.terms.ofDead(one) : this.terms.ofReplay(one),
    );
    const moved = await this.notifications.sendAgain(tx, items, turn.statuses, 'redrive');
    return moved.size;
  }
}
