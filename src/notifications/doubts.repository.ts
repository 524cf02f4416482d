import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { type DoubtToAsk, findDoubtsToAsk } from './sql/find-doubts-to-ask.js';
import { putOffAsking, type Unended } from './sql/put-off-asking.js';
import { type Found, settleFound } from './sql/settle-found.js';
import { settleUnfound, type Unfound } from './sql/settle-unfound.js';

export type { DoubtToAsk } from './sql/find-doubts-to-ask.js';

/** Doubts that a provider may end, and what its answers lead to. Each change is guarded and says whether it won. */
@Injectable()
export class DoubtsRepository {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  toAsk(limit: number): Promise<DoubtToAsk[]> {
    return findDoubtsToAsk(this.pool, limit);
  }

  settleFound(found: Found): Promise<boolean> {
    return settleFound(this.pool, found);
  }

  settleUnfound(unfound: Unfound): Promise<boolean> {
    return settleUnfound(this.pool, unfound);
  }

  putOff(unended: Unended): Promise<boolean> {
    return putOffAsking(this.pool, unended);
  }
}
