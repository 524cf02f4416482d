import { crashPoint } from '#crash-point';
import { Inject, Injectable } from '@nestjs/common';

import { LEASE_MS } from '../dispatch/lease.service.js';
import { Verdict } from '../dispatch/verdict.js';
import { failed } from '../domain/outcome.js';
import {
  NotificationsRepository,
  type OpenAttempt,
  WORKER_LOST,
} from '../notifications/notifications.repository.js';
import { eachRecorded } from './each-recorded.js';
import type { UpkeepService } from './upkeep.service.js';

const BATCH = 500;

/**
 * Gives up workers whose lease is over: whatever they had begun may have happened, so it is in doubt and the policy
 * decides. Should such a worker speak again, its late word settles what is still in doubt.
 */
@Injectable()
export class DeadWorkers implements UpkeepService {
  readonly name = 'dead_workers';
  readonly everyMs = 2_000;
  readonly isExclusive = true;
  /** This process's own trouble with PostgreSQL makes every lease look old to it. Monotonic, ms. */
  private reachableSince = performance.now();
  private lastRunAt = performance.now();

  constructor(
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(Verdict) private readonly verdict: Verdict,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    if (!this.hasSeenOneLease()) return { given_up: 0 };
    const abandoned = await this.notifications.findAbandonedAttempts(LEASE_MS, BATCH);
    if (abandoned.length > 0) {
      crashPoint('in_the_middle_of_giving_up');
      await eachRecorded(
        this.notifications,
        abandoned.map((attempt) => this.giveUp(attempt)),
      );
    }
    return { given_up: abandoned.length, forgotten: await this.notifications.forgetDeadProcesses() };
  }

  /** Nobody is given up within one lease of a pause in which this process saw nothing. */
  private hasSeenOneLease(): boolean {
    const now = performance.now();
    if (now - this.lastRunAt > 3 * this.everyMs) this.reachableSince = now;
    this.lastRunAt = now;
    return now - this.reachableSince > LEASE_MS;
  }

  private giveUp(attempt: OpenAttempt): ReturnType<Verdict['on']> {
    const outcome = failed('in_doubt', {
      class: 'in_doubt',
      code: WORKER_LOST,
      detail: 'The worker that made this call has not been heard of since.',
      scope: 'message',
    });
    return this.verdict.on(
      attempt,
      outcome,
      attempt.provider,
      attempt.now.getTime() - attempt.startedAt.getTime(),
      null, // what it had rendered is lost with it
    );
  }
}
