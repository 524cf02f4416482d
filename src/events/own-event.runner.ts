import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { WakeUp } from '../accept/wake-up.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import { FanOut } from './fan-out.service.js';
import { OwnEventDrafts } from './own-event-drafts.service.js';
import { insertEvents } from './sql/insert-events.js';
import { takeOwnEvents } from './sql/take-own-events.js';

/** Spread by one commit. */
const BATCH = 100;
/** Of one run: a shutdown waits for no more than this. */
const MAX_BATCHES = 20;

/**
 * Tells subscribers what the service has to say of itself. In every relay process, side by side.
 *
 * What was said leaves `own_events` in the commit that owes it to its subscribers: killed in between, it is told by the next
 * run. What nobody subscribed to leaves no trace. A key that was told before is not told again.
 */
@Injectable()
export class OwnEventRunner implements UpkeepService {
  readonly name = 'own_events';
  readonly everyMs = 250;
  readonly isExclusive = false;

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(OwnEventDrafts) private readonly drafts: OwnEventDrafts,
    @Inject(FanOut) private readonly fanOut: FanOut,
    @Inject(WakeUp) private readonly wakeUp: WakeUp,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {}

  /** Counted by a metric of its own: at this pace a log line a run would be noise. */
  async runOnce(): Promise<Record<string, number>> {
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const taken = await inTransaction(this.pool, (tx) => this.spreadSome(tx));
      if (taken.length > 0) this.wakeUp.soon();
      for (const type of taken) this.gauges.ownEvents.inc({ type });
      if (taken.length < BATCH) break;
    }
    return {};
  }

  /** The types of what was taken. */
  private async spreadSome(tx: PoolClient): Promise<string[]> {
    const drafts = (await takeOwnEvents(tx, BATCH)).map((said) => this.drafts.of(said));
    if (drafts.length === 0) return [];
    const rows = new Map(drafts.map(({ event, row }) => [event.id, row]));
    await this.fanOut.spread(
      tx,
      drafts.map(({ event }) => event),
      (heard) =>
        insertEvents(
          tx,
          heard.map(({ id }) => rows.get(id)!),
        ),
    );
    return drafts.map(({ event }) => event.type);
  }
}
