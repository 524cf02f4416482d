import { Inject, Injectable } from '@nestjs/common';

import { CallTally } from '../dispatch/call-tally.js';
import type { UpkeepService } from './upkeep.service.js';

/** Writes down what this worker's calls came to. It puts nothing right, so it counts nothing. */
@Injectable()
export class CallTallies implements UpkeepService {
  readonly name = 'call_tallies';
  readonly everyMs = 3_000;
  readonly isExclusive = false;

  constructor(@Inject(CallTally) private readonly tally: CallTally) {}

  async runOnce(): Promise<Record<string, number>> {
    await this.tally.write();
    return {};
  }
}
