import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { ChannelName } from '../domain/channel.js';
import { isWaiting } from '../domain/status.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { SUPPRESSIBLE } from '../suppressions/suppression.js';
import { Suppressions } from '../suppressions/suppressions.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import { eraseEvents } from './sql/erase-events.js';
import { advanceErasure, dueErasures, endRound, FIRST_ID, type RunningErasure } from './sql/erasures.js';
import { findEventsOfRecipient, findOfEvent, findOfRecipient, type Found } from './sql/find-of-recipient.js';

/** Erased by one commit. */
const BATCH = 100;
/** Of one erasure in one run: others get their turn, and a shutdown waits for no more than this. */
const MAX_STEPS = 20;
/** Looked after in one run. */
const MAX_ERASURES = 20;
/** What is in a provider's hands comes back within seconds; what is in doubt waits for somebody anyway. Milliseconds. */
const LOOK_AGAIN_MS = 10_000;

interface Tally {
  erased: number;
  cancelled: number;
  held: number;
}

/**
 * Does what erasures ask for, in small commits.
 *
 * A round looks at everything of the recipient by its keyed hash, then at the events about it and at what tells them. What
 * waits is cancelled: to cancel is to take its outbox row, so nothing is erased that may still go out. What is being sent or
 * in doubt is left and counted, and another round comes for it, until a round leaves nothing: only then it is done. A process
 * that dies leaves its last commit, and the next one goes on there.
 */
@Injectable()
export class ErasureRunner implements UpkeepService {
  readonly name = 'erasures';
  readonly everyMs = 1_000;
  readonly isExclusive = true;

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(Suppressions) private readonly suppressions: Suppressions,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const counts = { erased: 0 };
    const failures: unknown[] = [];
    for (const erasure of await dueErasures(this.pool, MAX_ERASURES)) {
      try {
        counts.erased += await this.advance(erasure);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some erasures could not go on.');
    return counts;
  }

  private async advance(erasure: RunningErasure): Promise<number> {
    const recipient = this.sealer.open(erasure.recipient, erasure.id).toString('utf8');
    let erased = 0;
    let now = erasure;
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = await this.find(now, recipient);
      const last = found.at(-1);
      if (!last) return erased + (await this.endRound(now, recipient));
      const tally = await this.eraseAll(found, async (tx, done) => {
        await advanceErasure(tx, now, { ...done, events: 0, reached: last.id });
      });
      erased += tally.erased;
      now = { ...now, reached: last.id };
    }
    return erased;
  }

  private find(
    { recipientKey, channel, createdAt, reached }: RunningErasure,
    recipient: string,
  ): Promise<Found[]> {
    return findOfRecipient(this.pool, recipientKey, recipient, channel, createdAt, reached, BATCH);
  }

  /** Cancels, then erases in one commit with whatever `alongside` writes. */
  private async eraseAll(
    found: readonly Found[],
    alongside: (tx: PoolClient, tally: Tally) => Promise<void> = async () => undefined,
  ): Promise<Tally> {
    const meant = found.filter(({ isMeant }) => isMeant);
    let cancelled = 0;
    for (const { id, status } of meant)
      if (isWaiting(status) && (await this.notifications.cancel(id))) cancelled++;
    return inTransaction(this.pool, async (tx) => {
      const ids = meant.map(({ id }) => id);
      const erased = await this.notifications.eraseContent(tx, ids, 0);
      await this.notifications.blankAttempts(
        tx,
        erased.map(({ id }) => id),
      );
      await this.suppressions.forgetAddresses(
        tx,
        erased.flatMap(({ addressHash }) => addressHash ?? []),
      );
      const tally = { erased: erased.length, cancelled, held: meant.length - erased.length };
      await alongside(tx, tally);
      return tally;
    });
  }

  private async endRound(erasure: RunningErasure, recipient: string): Promise<number> {
    const tally = { erased: 0, cancelled: 0, held: 0, events: 0 };
    if (erasure.channel === null || erasure.channel === 'webhook')
      await this.eraseEvents(erasure, recipient, tally);
    await inTransaction(this.pool, async (tx) => {
      await this.suppressions.forgetAddresses(tx, [], {
        channels: suppressibleIn(erasure.channel),
        text: recipient,
      });
      await endRound(tx, erasure, tally, LOOK_AGAIN_MS);
    });
    return tally.erased;
  }

  private async eraseEvents(
    { createdAt }: RunningErasure,
    recipient: string,
    tally: Tally & { events: number },
  ): Promise<void> {
    for (let after = FIRST_ID; ;) {
      const ids = await findEventsOfRecipient(this.pool, recipient, createdAt, after, BATCH);
      for (const id of ids) await this.eraseTellers(id, tally);
      tally.events += (await inTransaction(this.pool, (tx) => eraseEvents(tx, ids, 0))).length;
      if (ids.length < BATCH) return;
      after = ids.at(-1)!;
    }
  }

  /** The notifications that tell an event go first: none of them can be sent without its data. */
  private async eraseTellers(eventId: string, tally: Tally): Promise<void> {
    for (let after = FIRST_ID; ;) {
      const found = await findOfEvent(this.pool, eventId, after, BATCH);
      const done = await this.eraseAll(found);
      tally.erased += done.erased;
      tally.cancelled += done.cancelled;
      tally.held += done.held;
      if (found.length < BATCH) return;
      after = found.at(-1)!.id;
    }
  }
}

const suppressibleIn = (channel: ChannelName | null) =>
  SUPPRESSIBLE.filter((one) => channel === null || one === channel);
