import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { Receipts } from '../receipts/receipts.service.js';
import type { UpkeepService } from './upkeep.service.js';

/** Nearly every id is on record a moment after its message left. Milliseconds. */
const YOUNG_MS = 60_000;
/** What came before a worker could record, while PostgreSQL was away for it. Milliseconds. */
const OLD_MS = 3_600_000;
/** How many runs look through the young alone: other senders' receipts may be many. */
const RUNS_PER_LONG_LOOK = 60;

/** Applies receipts that came too early: while a worker held the notification, or before the message's id was on record. */
@Injectable()
export class PendingReceipts implements UpkeepService {
  readonly name = 'pending_receipts';
  readonly everyMs = 1_000;
  readonly isExclusive = true;
  private runs = 0;

  constructor(
    @Inject(Receipts) private readonly receipts: Receipts,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  runOnce(): Promise<Record<string, number>> {
    const isLong = this.runs++ % RUNS_PER_LONG_LOOK === 0;
    return this.receipts.settlePending(this.pool, isLong ? OLD_MS : YOUNG_MS);
  }
}
