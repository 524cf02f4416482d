import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { Status } from '../domain/status.js';
import { WorkPool } from '../platform/database/pools.js';
import type { Claimed, Hint } from './claimed.js';
import { cancel } from './sql/cancel.js';
import { claim } from './sql/claim.js';
import { type Erased, eraseContent } from './sql/erase-content.js';
import {
  findAbandonedAttempts,
  findOwnAttempts,
  forgetDeadProcesses,
  type OpenAttempt,
} from './sql/find-open-attempts.js';
import { blankAttempts, forgetAttempts } from './sql/forget-attempts.js';
import { forgetNotifications } from './sql/forget-notifications.js';
import { hurry } from './sql/hurry.js';
import { readStanding, type Standing } from './sql/read-standing.js';
import { type AttemptRecord, recordOutcomes } from './sql/record-outcomes.js';
import { type SendAgain, sendAgain } from './sql/send-again.js';
import { type ReceiptEffect, type ReceiptWord, settleByReceipts } from './sql/settle-by-receipts.js';
import { settleByWord } from './sql/settle-by-word.js';
import { settleLate } from './sql/settle-late.js';
import { settleOverdue } from './sql/settle-overdue.js';

export type { AttemptRecord } from './sql/record-outcomes.js';
export type { Erased } from './sql/erase-content.js';
export type { OpenAttempt } from './sql/find-open-attempts.js';
export type { Standing } from './sql/read-standing.js';
export type { ReceiptEffect, ReceiptWord } from './sql/settle-by-receipts.js';
export type { SendAgain } from './sql/send-again.js';
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

  /** Where these stand; none for an id that is not known. Takes no lock. */
  standing(tx: PoolClient, ids: readonly string[]): Promise<Standing[]> {
    return readStanding(tx, ids);
  }

  /** Back into the outbox on fresh terms; answers the ids of those that were in one of the states `from` and may go. */
  sendAgain(
    tx: PoolClient,
    items: readonly SendAgain[],
    from: readonly Status[],
    reason: string,
  ): Promise<Set<string>> {
    return sendAgain(tx, items, from, reason);
  }

  /** What waits for a later time may go now. Answers when it was to go; undefined: nothing to hurry. */
  hurry(tx: PoolClient, id: string): Promise<Date | undefined> {
    return hurry(tx, id);
  }

  /** An operator's word on one in doubt or dead; answers whether it won. */
  settleByWord(
    tx: PoolClient,
    id: string,
    from: 'in_doubt' | 'dead',
    to: 'sent' | 'dead' | 'discarded',
    reason: string,
  ): Promise<boolean> {
    return settleByWord(tx, id, from, to, reason);
  }

  /** What each word changed; each notification is named once. None for an id that is not known. */
  settleByReceipts(tx: PoolClient, words: readonly ReceiptWord[]): Promise<Map<string, ReceiptEffect>> {
    return settleByReceipts(tx, words);
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

  /** Empties those that have been settled for `ageMs`. Answers those it emptied; never waits for who is busy with one. */
  eraseContent(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<Erased[]> {
    return eraseContent(tx, ids, ageMs);
  }

  /** The attempts of what is emptied and has been settled for `ageMs` go. Answers whose. */
  forgetAttempts(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<string[]> {
    return forgetAttempts(tx, ids, ageMs);
  }

  /** What attempts at these tell of a person goes; that there were attempts stays. */
  blankAttempts(tx: PoolClient, ids: readonly string[]): Promise<void> {
    return blankAttempts(tx, ids);
  }

  /** What is left of those that are emptied and have been settled for `ageMs` goes, their keys with it. Answers which. */
  forgetNotifications(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<string[]> {
    return forgetNotifications(tx, ids, ageMs);
  }
}
