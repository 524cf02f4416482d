import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import { RedriveRunner } from '../dead-letters/redrive.runner.js';
import { RestartTerms } from '../dead-letters/restart-terms.service.js';
import { AddressFaults } from '../dispatch/address-faults.js';
import { QuietTime } from '../dispatch/quiet-time.js';
import { Verdict } from '../dispatch/verdict.js';
import { WorkPool } from '../platform/database/pools.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { ProviderRouter } from '../relay/provider-router.service.js';
import { Publisher } from '../relay/publisher.service.js';
import { RelayLoop } from '../relay/relay.loop.js';
import { RelayService } from '../relay/relay.service.js';
import { BlockedHeads } from '../upkeep/blocked-heads.upkeep.js';
import { DeadWorkers } from '../upkeep/dead-workers.upkeep.js';
import { Leftovers } from '../upkeep/leftovers.upkeep.js';
import { LostHints } from '../upkeep/lost-hints.upkeep.js';
import { PendingReceipts } from '../upkeep/pending-receipts.upkeep.js';
import { Overdue } from '../upkeep/overdue.upkeep.js';
import { UpkeepRunner } from '../upkeep/upkeep.runner.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';

/** The role `relay`: moves what is due into queues, and keeps the house in order. Any number of processes. */
@Module({
  providers: [
    RelayLoop,
    RelayService,
    ProviderRouter,
    Publisher,
    AddressFaults,
    QuietTime,
    Verdict,
    BlockedHeads,
    LostHints,
    DeadWorkers,
    Overdue,
    Leftovers,
    PendingReceipts,
    RestartTerms,
    RedriveRunner,
    {
      provide: UpkeepRunner,
      inject: [
        WorkPool,
        Gauges,
        Log,
        LostHints,
        BlockedHeads,
        DeadWorkers,
        Overdue,
        Leftovers,
        PendingReceipts,
        RedriveRunner,
      ],
      useFactory: (pool: WorkPool, gauges: Gauges, log: Log, ...services: UpkeepService[]) =>
        new UpkeepRunner(services, pool, gauges, log),
    },
  ],
  exports: [RelayService],
})
export class RelayModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(RelayLoop) private readonly loop: RelayLoop,
    @Inject(UpkeepRunner) private readonly upkeep: UpkeepRunner,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
    this.upkeep.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.loop.stop(), this.upkeep.stop()]);
  }
}
