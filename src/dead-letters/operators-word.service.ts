import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { fromPublicId } from '../domain/public-id.js';
import { isWaiting, type Status } from '../domain/status.js';
import { NotificationsRepository, type Standing } from '../notifications/notifications.repository.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Problem } from '../platform/http/problem.js';
import { RestartTerms } from './restart-terms.service.js';

/** Whose word it is, and why. */
export interface Word {
  apiKeyId: string;
  reason: string | undefined;
}

export const RESOLUTIONS = ['sent', 'retry', 'dead'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** What stands in a notification's `reason` after a word, so that the same word again is recognised. */
const REASONS = {
  retry: 'operator_retry',
  sent: 'resolved_as_sent',
  dead: 'resolved_as_dead',
  resolvedRetry: 'resolved_as_retry',
  discarded: 'discarded',
} as const;

/** A guarded statement that lost is asked once more; who loses again is told so. */
const ROUNDS = 2;

/**
 * What a person decides about one notification: send it now, settle a doubt, close a dead letter.
 *
 * Promises: a word is written with its audit entry or not at all; said twice, it happens once; said against the state of
 * things, it is refused and says what to do instead. Many at once are the business of Redrives.
 */
@Injectable()
export class OperatorsWord {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(RestartTerms) private readonly terms: RestartTerms,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  /** Dead: back into the outbox. Waiting: now. Throws Problem `not_found` or `wrong_state`. */
  retry(publicId: string, word: Word): Promise<void> {
    return this.decide(publicId, async (tx, now) => {
      if (isWaiting(now.status)) return this.hurry(tx, publicId, now, word);
      if (now.status === 'in_doubt') throw wrongState(now.status, 'Say what became of it: use `resolve`.');
      if (now.isErased) throw erased(now.status);
      if (now.status !== 'dead') throw wrongState(now.status, 'Only what is dead or waits can be retried.');
      return this.restart(tx, publicId, now, 'notification.retry', word);
    });
  }

  /** An operator's word on one in doubt. Throws Problem `not_found` or `wrong_state`. */
  resolve(publicId: string, as: Resolution, word: Word): Promise<void> {
    return this.decide(publicId, async (tx, now) => {
      if (now.reason === (as === 'retry' ? REASONS.resolvedRetry : REASONS[as])) return true;
      if (now.status !== 'in_doubt') throw wrongState(now.status, 'Only what is in doubt can be resolved.');
      if (as === 'retry') return this.restart(tx, publicId, now, 'notification.resolve', word);
      return this.settle(tx, publicId, now, as, 'notification.resolve', word);
    });
  }

  /** Closes a dead letter without sending it. Throws Problem `not_found` or `wrong_state`. */
  discard(publicId: string, word: Word): Promise<void> {
    return this.decide(publicId, async (tx, now) => {
      if (now.status === 'discarded') return true;
      if (now.status !== 'dead') throw wrongState(now.status, 'Only dead letters can be discarded.');
      return this.settle(tx, publicId, now, 'discarded', 'dead_letter.discard', word);
    });
  }

  /** `act` answers whether its guarded statement won. */
  private decide(publicId: string, act: (tx: PoolClient, now: Standing) => Promise<boolean>): Promise<void> {
    const id = fromPublicId('notification', publicId);
    if (id === undefined) throw notFound();
    return inTransaction(this.pool, async (tx) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [now] = await this.notifications.standing(tx, [id]);
        if (!now) throw notFound();
        if (await act(tx, now)) return;
      }
      throw new Problem('wrong_state', 'Its state changes this very moment: look at it and ask again.');
    });
  }

  private async hurry(tx: PoolClient, target: string, now: Standing, word: Word): Promise<boolean> {
    const wasAt = await this.notifications.hurry(tx, now.id);
    if (wasAt === undefined) return true;
    await this.audit.record(tx, {
      ...word,
      action: 'notification.retry',
      target,
      before: { status: now.status, available_at: wasAt },
      after: { status: now.status, available_at: 'now' },
    });
    return true;
  }

  private async restart(
    tx: PoolClient,
    target: string,
    now: Standing,
    action: string,
    word: Word,
  ): Promise<boolean> {
    if (now.isExpired) throw wrongState(now.status, 'Its `expires_at` has passed, so it will not be sent.');
    if (now.isErased) throw erased(now.status);
    const isDoubtful = now.status === 'in_doubt';
    const terms = isDoubtful ? this.terms.ofDoubtful(now) : this.terms.ofDead(now);
    const reason = isDoubtful ? REASONS.resolvedRetry : REASONS.retry;
    const moved = await this.notifications.sendAgain(tx, [terms], [now.status], reason);
    if (moved.size === 0) return false;
    await this.audit.record(tx, {
      ...word,
      action,
      target,
      before: { status: now.status, tries: now.tries },
      after: { status: 'retrying', tries: 0, provider: terms.pinnedProvider },
    });
    return true;
  }

  private async settle(
    tx: PoolClient,
    target: string,
    now: Standing,
    to: 'sent' | 'dead' | 'discarded',
    action: string,
    word: Word,
  ): Promise<boolean> {
    const from = now.status === 'dead' ? 'dead' : 'in_doubt';
    if (!(await this.notifications.settleByWord(tx, now.id, from, to, REASONS[to]))) return false;
    await this.audit.record(tx, {
      ...word,
      action,
      target,
      before: { status: now.status },
      after: { status: to },
    });
    return true;
  }
}

const wrongState = (status: Status, advice: string): Problem =>
  new Problem('wrong_state', `It is ${status}. ${advice}`);

const erased = (status: Status): Problem =>
  wrongState(status, 'Its content has been erased, so there is nothing to send.');

const notFound = (): Problem => new Problem('not_found', 'There is no notification with this id.');
