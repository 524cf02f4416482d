import { Inject, Injectable } from '@nestjs/common';

import { NotificationsRepository } from '../notifications/notifications.repository.js';
import type { UpkeepService } from './upkeep.service.js';

const BATCH = 500;

/** Ends what waited past its expiry or its deadline, whatever it waits for. */
@Injectable()
export class Overdue implements UpkeepService {
  readonly name = 'overdue';
  readonly everyMs = 1_000;
  readonly isExclusive = true;

  constructor(@Inject(NotificationsRepository) private readonly notifications: NotificationsRepository) {}

  async runOnce(): Promise<Record<string, number>> {
    let settled = 0;
    for (let batch = BATCH; batch === BATCH; settled += batch)
      batch = await this.notifications.settleOverdue(BATCH);
    return { settled };
  }
}
