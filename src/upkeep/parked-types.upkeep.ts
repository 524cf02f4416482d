import { Inject, Injectable } from '@nestjs/common';

import { GatesStore } from '../gates/gates.store.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import type { UpkeepService } from './upkeep.service.js';

const BATCH = 2_000;
/** A backlog of a type that goes on again is given back over several runs: others are due meanwhile. */
const BATCHES_A_RUN = 10;

/** What was parked for a type that is not paused, or not any more, goes back into the relay's order. */
@Injectable()
export class ParkedTypes implements UpkeepService {
  readonly name = 'parked_types';
  readonly everyMs = 500;
  readonly isExclusive = true;

  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(GatesStore) private readonly gates: GatesStore,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const paused = (await this.gates.held()).keysOf('type');
    let unparked = 0;
    for (let i = 0; i < BATCHES_A_RUN; i++) {
      const count = await this.outbox.unpark(paused, BATCH);
      unparked += count;
      if (count < BATCH) break;
    }
    return { unparked };
  }
}
