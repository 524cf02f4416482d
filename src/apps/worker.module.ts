import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { AddressFaults } from '../dispatch/address-faults.js';
import { AttemptTraces } from '../dispatch/attempt-traces.js';
import { Breakers } from '../dispatch/breakers.js';
import { BulkShare } from '../dispatch/bulk-share.js';
import { CallTally } from '../dispatch/call-tally.js';
import { Claims } from '../dispatch/claims.js';
import { type DeliveryProcessor, deliveryProcessorFor } from '../dispatch/delivery.processor.js';
import { DeliveryService } from '../dispatch/delivery.service.js';
import { DispatchService } from '../dispatch/dispatch.service.js';
import { GateKeeper } from '../dispatch/gate-keeper.js';
import { GateWatch } from '../dispatch/gate-watch.js';
import { MayGo } from '../dispatch/may-go.js';
import { OutcomeReport } from '../dispatch/outcome-report.js';
import { Outcomes } from '../dispatch/outcomes.js';
import { Packing } from '../dispatch/packing.service.js';
import { ProviderDesks } from '../dispatch/provider-desks.js';
import { QuietTime } from '../dispatch/quiet-time.js';
import { Sender } from '../dispatch/sender.js';
import { Verdict } from '../dispatch/verdict.js';
import { WorkerLoop } from '../dispatch/worker.loop.js';
import { WorkPool } from '../platform/database/pools.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { QueueConnections } from '../queues/queue-connections.js';
import type { QueueRef } from '../queues/queue-names.js';
import { HandBacks } from '../relay/hand-backs.service.js';
import { CallTallies } from '../upkeep/call-tallies.upkeep.js';
import { OperatorsBreakers } from '../upkeep/operators-breakers.upkeep.js';
import { OwnAttempts } from '../upkeep/own-attempts.upkeep.js';
import { UpkeepRunner } from '../upkeep/upkeep.runner.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';

const WORKER_UPKEEP = Symbol('upkeep of this worker');

/** The role `worker`: takes hints, claims, calls providers, records. Any number of processes. */
@Module({})
export class WorkerModule implements OnApplicationBootstrap, OnModuleDestroy {
  static register(queues: readonly QueueRef[], connections: QueueConnections): DynamicModule {
    const processors = queues.map((queue) => deliveryProcessorFor(queue, connections));
    return {
      module: WorkerModule,
      providers: [
        ...processors,
        AddressFaults,
        AttemptTraces,
        Breakers,
        BulkShare,
        CallTally,
        CallTallies,
        Claims,
        DeliveryService,
        DispatchService,
        GateKeeper,
        GateWatch,
        HandBacks,
        MayGo,
        OperatorsBreakers,
        OutcomeReport,
        Outcomes,
        OwnAttempts,
        Packing,
        ProviderDesks,
        QuietTime,
        Sender,
        Verdict,
        {
          provide: WorkerLoop,
          inject: [ProviderDesks, DispatchService, DeliveryService, Outcomes, GateWatch, ...processors],
          useFactory: (
            desks: ProviderDesks,
            dispatch: DispatchService,
            deliveries: DeliveryService,
            outcomes: Outcomes,
            gates: GateWatch,
            ...all: DeliveryProcessor[]
          ) => new WorkerLoop(all, desks, dispatch, deliveries, outcomes, gates),
        },
        {
          provide: WORKER_UPKEEP,
          inject: [WorkPool, Gauges, Log, OwnAttempts, CallTallies, OperatorsBreakers],
          useFactory: (pool: WorkPool, gauges: Gauges, log: Log, ...services: UpkeepService[]) =>
            new UpkeepRunner(services, pool, gauges, log),
        },
      ],
    };
  }

  constructor(
    @Inject(WorkerLoop) private readonly loop: WorkerLoop,
    @Inject(WORKER_UPKEEP) private readonly upkeep: UpkeepRunner,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.loop.start();
    this.upkeep.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.upkeep.stop();
    await this.loop.stop();
  }
}
