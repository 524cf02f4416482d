import { Inject, Injectable } from '@nestjs/common';

import { GatesStore } from '../gates/gates.store.js';
import type { HeldGates } from '../gates/held-gates.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import type { QueueRef } from '../queues/queue-names.js';
import { Queues } from '../queues/queues.js';
import type { UpkeepService } from './upkeep.service.js';

/** Where no job waits, workers hold them all, and a worker holds a hint for ten seconds at most: these are dead. */
const IN_DEAD_HANDS_MS = 15_000;
/** A hint older than this is lost whatever the queue holds: a window is two seconds of work. */
const IN_ANY_QUEUE_MS = 60_000;
/**
 * Of a provider that is held, or tried again: workers hand everything back within a second of the hold, and no call that
 * tries a provider is made while a hint of it is out. One that was lost would keep it closed.
 */
const AT_A_HELD_GATE_MS = 5_000;
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
    @Inject(GatesStore) private readonly gates: GatesStore,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const [isSame, gates] = await Promise.all([this.queues.checkMarker(), this.gates.held()]);
    const { refs } = this.queues;
    let released = 0;
    for (const ref of refs) released += await this.release(ref, gates, isSame);
    const names = refs.map(({ name }) => name);
    // A process with another configuration may still work there: its hands are emptied in ten seconds, too.
    const strays = await inBatches(() => this.outbox.releaseStrays(names, IN_DEAD_HANDS_MS, BATCH));
    return { released, strays };
  }

  private release(ref: QueueRef, gates: HeldGates, isSame: boolean): Promise<number> {
    return inBatches(async () =>
      this.outbox.releaseLost(ref.name, isSame ? await this.ageOf(ref, gates) : 0, BATCH),
    );
  }

  private async ageOf({ name, provider }: QueueRef, gates: HeldGates): Promise<number> {
    if (gates.isHeld('provider', provider) || gates.isProbed('provider', provider)) return AT_A_HELD_GATE_MS;
    const { waiting } = await this.queues.counts(name);
    return waiting > 0 ? IN_ANY_QUEUE_MS : IN_DEAD_HANDS_MS;
  }
}

/** Goes on until a batch is not full. Answers the sum. */
async function inBatches(next: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let batch = BATCH; batch === BATCH; sum += batch) batch = await next();
  return sum;
}
