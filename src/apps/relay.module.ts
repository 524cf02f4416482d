import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import { RedriveRunner } from '../dead-letters/redrive.runner.js';
import { RestartTerms } from '../dead-letters/restart-terms.service.js';
import { AddressFaults } from '../dispatch/address-faults.js';
import { QuietTime } from '../dispatch/quiet-time.js';
import { Inquiries } from '../dispatch/inquiries.js';
import { Packing } from '../dispatch/packing.service.js';
import { Verdict } from '../dispatch/verdict.js';
import { WakeUp } from '../accept/wake-up.js';
import { FanOut } from '../events/fan-out.service.js';
import { OwnEventDrafts } from '../events/own-event-drafts.service.js';
import { OwnEventRunner } from '../events/own-event.runner.js';
import { DoubtsRepository } from '../notifications/doubts.repository.js';
import { WorkPool } from '../platform/database/pools.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { HandBacks } from '../relay/hand-backs.service.js';
import { Marks } from '../relay/marks.service.js';
import { ProviderRouter } from '../relay/provider-router.service.js';
import { Publisher } from '../relay/publisher.service.js';
import { RelayLoop } from '../relay/relay.loop.js';
import { RelayService } from '../relay/relay.service.js';
import { Trials } from '../relay/trials.service.js';
import { ErasureRunner } from '../retention/erasure.runner.js';
import { Retention } from '../retention/retention.runner.js';
import { BlockedHeads } from '../upkeep/blocked-heads.upkeep.js';
import { FailingEndpoints } from '../upkeep/failing-endpoints.upkeep.js';
import { DeadWorkers } from '../upkeep/dead-workers.upkeep.js';
import { Leftovers } from '../upkeep/leftovers.upkeep.js';
import { LostHints } from '../upkeep/lost-hints.upkeep.js';
import { PendingReceipts } from '../upkeep/pending-receipts.upkeep.js';
import { Overdue } from '../upkeep/overdue.upkeep.js';
import { Reconciler } from '../upkeep/reconciler.upkeep.js';
import { UpkeepRunner } from '../upkeep/upkeep.runner.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';

/** The role `relay`: moves what is due into queues, and keeps the house in order. Any number of processes. */
@Module({
  providers: [
    RelayLoop,
    RelayService,
    ProviderRouter,
    Publisher,
    Marks,
    Trials,
    HandBacks,
    AddressFaults,
    QuietTime,
    Verdict,
    BlockedHeads,
    Packing,
    Inquiries,
    DoubtsRepository,
    Reconciler,
    LostHints,
    DeadWorkers,
    Overdue,
    FailingEndpoints,
    Leftovers,
    PendingReceipts,
    RestartTerms,
    RedriveRunner,
    Retention,
    ErasureRunner,
    FanOut,
    WakeUp,
    OwnEventDrafts,
    OwnEventRunner,
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
        FailingEndpoints,
        Leftovers,
        PendingReceipts,
        RedriveRunner,
        OwnEventRunner,
        Reconciler,
        Retention,
        ErasureRunner,
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
