import { Inject, Injectable } from '@nestjs/common';

import { OutboxStore } from '../outbox/outbox.store.js';
import { Queues } from '../queues/queues.js';
import type { UpkeepService } from './upkeep.service.js';

/** Where no job waits, workers hold them all, and a worker holds a hint for ten seconds at most: these are dead. */
const IN_DEAD_HANDS_MS = 15_000;
/** A hint older than this is lost whatever the queue holds: a window is two seconds of work. */
const IN_ANY_QUEUE_MS = 60_000;
const BATCH = 2_000;

/**
 * Finds hints that the queue lost (FLUSHALL, a restart from nothing, a failed job), or that were left in the queue of a
 * provider the configuration no longer has, and makes their rows publishable again. A hint that was only slow is stale
 * from then on, by its number: at worst it costs a claim that finds nothing.
 */
@Injectable()
export class LostHints implements UpkeepService {
  readonly name = 'lost_hints';
  readonly everyMs = 1_000;
  readonly isExclusive = true;

  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(Queues) private readonly queues: Queues,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const isSame = await this.queues.checkMarker();
    const names = this.queues.refs.map(({ name }) => name);
    let released = 0;
    for (const name of names) released += await this.release(name, isSame);
    // A process with another configuration may still work there: its hands are emptied in ten seconds, too.
    const strays = await inBatches(() => this.outbox.releaseStrays(names, IN_DEAD_HANDS_MS, BATCH));
    return { released, strays };
  }

  private release(queue: string, isSame: boolean): Promise<number> {
    return inBatches(async () => this.outbox.releaseLost(queue, isSame ? await this.ageOf(queue) : 0, BATCH));
  }

  private async ageOf(queue: string): Promise<number> {
    const { waiting } = await this.queues.counts(queue);
    return waiting > 0 ? IN_ANY_QUEUE_MS : IN_DEAD_HANDS_MS;
  }
}

/** Goes on until a batch is not full. Answers the sum. */
async function inBatches(next: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let batch = BATCH; batch === BATCH; sum += batch) batch = await next();
  return sum;
}
