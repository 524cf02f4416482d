import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { LeaseService } from './lease.service.js';
import { addCalls, type CallCount } from './sql/add-calls.js';

/** What this process's calls came to, for operators: written every few seconds, never for the sake of a single call. */
@Injectable()
export class CallTally {
  private counts = new Map<string, CallCount>();

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(LeaseService) private readonly lease: LeaseService,
  ) {}

  add(provider: string, lane: string, isTaken: boolean, durationMs: number): void {
    const key = `${provider}.${lane}`;
    const count = this.counts.get(key) ?? { provider, lane, calls: 0, taken: 0, durationMs: 0 };
    count.calls++;
    count.taken += Number(isTaken);
    count.durationMs += durationMs;
    this.counts.set(key, count);
  }

  /** What is lost with a crash is a few seconds of a statistic. Answers the calls that were written. */
  async write(): Promise<number> {
    const counts = [...this.counts.values()];
    if (counts.length === 0) return 0;
    this.counts = new Map();
    await addCalls(this.pool, this.lease.processId, counts);
    return counts.reduce((sum, { calls }) => sum + calls, 0);
  }
}
