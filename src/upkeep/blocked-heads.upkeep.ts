import { Inject, Injectable } from '@nestjs/common';

import { OutboxStore } from '../outbox/outbox.store.js';
import type { UpkeepService } from './upkeep.service.js';

/** Ordering keys looked at in one run; the next goes on behind the last. */
const KEYS_A_RUN = 1_000;

/**
 * Unblocks what nobody is left to unblock: a notification accepted behind one that was settled before the accept's commit.
 * Everything else is unblocked by the commit that settles the one ahead.
 */
@Injectable()
export class BlockedHeads implements UpkeepService {
  readonly name = 'blocked_heads';
  readonly everyMs = 1_000;
  readonly isExclusive = true;
  private after = '';

  constructor(@Inject(OutboxStore) private readonly outbox: OutboxStore) {}

  async runOnce(): Promise<Record<string, number>> {
    const { unblocked, seen, last } = await this.outbox.unblockHeads(this.after, KEYS_A_RUN);
    this.after = seen === KEYS_A_RUN ? last! : '';
    return { unblocked };
  }
}
