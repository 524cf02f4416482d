import { Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { UpkeepService } from './upkeep.service.js';
import { UpkeepTurns } from './upkeep-turns.js';

/** Loop, stagger and shutdown for all upkeep: one timer a service, never two runs of one at once. */
@Injectable()
export class UpkeepRunner {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private readonly failing = new Set<string>();
  private readonly turns: UpkeepTurns;
  private isStopping = false;

  constructor(
    private readonly services: readonly UpkeepService[],
    pool: WorkPool,
    private readonly gauges: Gauges,
    private readonly log: Log,
  ) {
    this.turns = new UpkeepTurns(pool);
  }

  start(): void {
    this.services.forEach((service) => this.schedule(service));
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.timers.forEach((timer) => clearTimeout(timer));
    await Promise.allSettled(this.running);
    await this.turns.close();
  }

  private schedule(service: UpkeepService): void {
    if (this.isStopping) return;
    // Staggered by a fifth: processes that started together do not ask together for ever.
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        const run = this.run(service).finally(() => {
          this.running.delete(run);
          this.schedule(service);
        });
        this.running.add(run);
      },
      service.everyMs * (0.9 + 0.2 * Math.random()),
    );
    this.timers.add(timer);
  }

  private async run(service: UpkeepService): Promise<void> {
    try {
      const counts = service.isExclusive ? await this.exclusively(service) : await service.runOnce();
      this.failing.delete(service.name);
      for (const [what, count] of Object.entries(counts)) {
        if (count === 0) continue;
        this.gauges.upkeep.inc({ service: service.name, what }, count);
        this.log.info('upkeep.put_right', { service: service.name, [what]: count });
      }
    } catch (error) {
      if (!this.failing.has(service.name))
        this.log.warn('upkeep.failed', { service: service.name, err: error });
      this.failing.add(service.name);
    }
  }

  /** Whoever has the turn does it; the others find nothing to do. */
  private async exclusively(service: UpkeepService): Promise<Record<string, number>> {
    if (!(await this.turns.take(service.name))) return {};
    try {
      return await service.runOnce();
    } finally {
      await this.turns.giveBack(service.name);
    }
  }
}
