import { setTimeout as pause } from 'node:timers/promises';

import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import { Pace } from './pace.js';
import type { RetentionTask, Step } from './retention-task.js';
import { retentionTasks } from './retention-tasks.js';
import { forgetProgress, recordProgress, takeProgress } from './sql/progress.js';

/** One run; others wait for its advisory lock no longer than that. Milliseconds. */
const RUN_MS = 4_000;
/** A row that somebody holds is worth no waiting: the step is rolled back and comes again. */
const LOCK_TIMEOUT = '200ms';

/**
 * Erases what has been kept for long enough: content, attempts, what providers reported, and keys where they have an end.
 *
 * Promises: only what is settled goes; a step is a small commit that says how far it came, so that a process that dies
 * loses nothing and the next goes on there; a step never waits for anybody, and is followed by a pause. Leaves to
 * NotificationsRepository what it means to erase a notification.
 */
@Injectable()
export class Retention implements UpkeepService, OnModuleDestroy {
  readonly name = 'retention';
  readonly everyMs = 5_000;
  readonly isExclusive = true;
  private readonly tasks: readonly RetentionTask[];
  private readonly paces = new Map<string, Pace>();
  private readonly stopping = new AbortController();

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(NotificationsRepository) notifications: NotificationsRepository,
    @Inject(Config) config: Pick<Config, 'file'>,
    @Inject(DatabaseClock) clock: Pick<DatabaseClock, 'nowMs'>,
  ) {
    this.tasks = retentionTasks(config.file.retention, notifications, () => clock.nowMs());
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /**
   * Steps through all tasks in turn until nothing is left or the run is over; one that fails does not hold up the others.
   * Answers how many rows of each were erased.
   */
  async runOnce(): Promise<Record<string, number>> {
    await forgetProgress(
      this.pool,
      this.tasks.map(({ name }) => name),
    );
    const counts: Record<string, number> = {};
    const failures: unknown[] = [];
    const endsAt = performance.now() + RUN_MS;
    let left = this.tasks;
    while (left.length > 0 && performance.now() < endsAt && !this.stopping.signal.aborted)
      left = await this.round(left, counts, failures);
    if (failures.length > 0) throw new AggregateError(failures, 'Some of what is due could not be erased.');
    return counts;
  }

  /** A step of each; answers those that have more to do. */
  private async round(
    tasks: readonly RetentionTask[],
    counts: Record<string, number>,
    failures: unknown[],
  ): Promise<RetentionTask[]> {
    const unfinished: RetentionTask[] = [];
    for (const task of tasks) {
      try {
        const { erased, isCaughtUp } = await this.step(task);
        counts[task.name] = (counts[task.name] ?? 0) + erased;
        if (!isCaughtUp) unfinished.push(task);
      } catch (error) {
        this.paceOf(task).takeLess();
        failures.push(error);
      }
    }
    return unfinished;
  }

  private async step(task: RetentionTask): Promise<Step> {
    const pace = this.paceOf(task);
    const startedAt = performance.now();
    const step = await inTransaction(this.pool, (tx) => this.stepWithin(tx, task, pace.rows));
    const pauseMs = pace.after(performance.now() - startedAt);
    await pause(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    return step;
  }

  private async stepWithin(tx: PoolClient, task: RetentionTask, rows: number): Promise<Step> {
    await tx.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    const reached = await takeProgress(tx, task.name);
    const step = await task.step(tx, reached, rows);
    await recordProgress(tx, task.name, step.reached, step.isCaughtUp);
    return step;
  }

  private paceOf({ name }: RetentionTask): Pace {
    const known = this.paces.get(name);
    if (known) return known;
    const pace = new Pace();
    this.paces.set(name, pace);
    return pace;
  }
}
