import { Inject, Injectable } from '@nestjs/common';

import { DeliveryService } from '../dispatch/delivery.service.js';
import { LeaseService } from '../dispatch/lease.service.js';
import { Verdict } from '../dispatch/verdict.js';
import { failed } from '../domain/outcome.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { eachRecorded } from './each-recorded.js';
import type { UpkeepService } from './upkeep.service.js';

/** A claim's answer comes within the client's timeout of 7 s or never. */
const CLAIM_SETTLED_MS = 15_000;

/**
 * Finds claims whose answer was lost on the way: PostgreSQL holds this worker to a call that it never began. Nobody else
 * would find them while this process lives. Since they were never sent, they go again at once.
 */
@Injectable()
export class OwnAttempts implements UpkeepService {
  readonly name = 'own_attempts';
  readonly everyMs = 5_000;
  readonly isExclusive = false;

  constructor(
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(DeliveryService) private readonly deliveries: DeliveryService,
    @Inject(LeaseService) private readonly lease: LeaseService,
    @Inject(Verdict) private readonly verdict: Verdict,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const held = await this.notifications.findOwnAttempts(this.lease.processId, CLAIM_SETTLED_MS);
    const forgotten = held.filter((attempt) => !this.deliveries.isUnderWay(attempt));
    const outcome = failed('not_sent', {
      class: 'lease',
      code: 'claim_answer_lost',
      detail: 'The claim was made, but its answer never reached the worker: nobody was called.',
      scope: 'message',
    });
    if (forgotten.length > 0) {
      await eachRecorded(
        this.notifications,
        forgotten.map((attempt) => this.verdict.on(attempt, outcome, attempt.provider, 0, null)),
      );
    }
    return { released: forgotten.length };
  }
}
