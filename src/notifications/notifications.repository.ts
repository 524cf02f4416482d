import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import type { Claimed, Hint } from './claimed.js';
import { cancel } from './sql/cancel.js';
import { claim } from './sql/claim.js';
import {
  findAbandonedAttempts,
  findOwnAttempts,
  forgetDeadProcesses,
  type OpenAttempt,
} from './sql/find-open-attempts.js';
import { type AttemptRecord, recordOutcomes } from './sql/record-outcomes.js';
import { settleLate } from './sql/settle-late.js';
import { settleOverdue } from './sql/settle-overdue.js';

export type { AttemptRecord } from './sql/record-outcomes.js';
export type { OpenAttempt } from './sql/find-open-attempts.js';
export { WORKER_LOST } from './sql/settle-late.js';

/** The only writer of a notification's status once it is accepted. Each change is guarded and says whether it won. */
@Injectable()
export class NotificationsRepository {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** What each hint is worth, in order; undefined for a stale one. */
  claim(hints: readonly Hint[], workerId: string, provider: string): Promise<(Claimed | undefined)[]> {
    return claim(this.pool, hints, workerId, provider);
  }

  /** Whether each record won: false when the attempt was closed by somebody else. */
  record(records: readonly AttemptRecord[]): Promise<boolean[]> {
    return recordOutcomes(this.pool, records);
  }

  settleLate(record: AttemptRecord): Promise<boolean> {
    return settleLate(this.pool, record);
  }

  settleOverdue(limit: number): Promise<number> {
    return settleOverdue(this.pool, limit);
  }

  cancel(id: string): Promise<boolean> {
    return cancel(this.pool, id);
  }

  findAbandonedAttempts(leaseMs: number, limit: number): Promise<OpenAttempt[]> {
    return findAbandonedAttempts(this.pool, leaseMs, limit);
  }

  findOwnAttempts(workerId: string, olderThanMs: number): Promise<OpenAttempt[]> {
    return findOwnAttempts(this.pool, workerId, olderThanMs);
  }

  forgetDeadProcesses(): Promise<number> {
    return forgetDeadProcesses(this.pool);
  }
}
