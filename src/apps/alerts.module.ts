import { Global, Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import { AlertNotifier } from '../alerts/alert-notifier.upkeep.js';
import { AlertTargets } from '../alerts/alert-targets.js';
import { AlertWatch } from '../alerts/alert-watch.upkeep.js';
import { AlertsStore } from '../alerts/alerts.store.js';
import { DatabaseWatch } from '../alerts/database-watch.upkeep.js';
import { createEvaluators } from '../alerts/evaluators.js';
import { Heartbeat } from '../alerts/heartbeat.upkeep.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { LeaseService } from '../dispatch/lease.service.js';
import { GatesStore } from '../gates/gates.store.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { DatabaseRoom } from '../platform/database/database-room.js';
import { WorkPool } from '../platform/database/pools.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { Queues } from '../queues/queues.js';
import { UpkeepRunner } from '../upkeep/upkeep.runner.js';

const ALERT_UPKEEP = Symbol('upkeep of the alerts');

/**
 * Alerts, in every process whatever its roles: that no relay is alive must be said by somebody else. One process at a time
 * looks, all of them tell.
 */
@Global()
@Module({
  providers: [
    AlertsStore,
    {
      provide: AlertTargets,
      inject: [Config, ChannelRegistry, DatabaseClock],
      useFactory: (config: Config, channels: ChannelRegistry, clock: DatabaseClock) =>
        new AlertTargets(config.file.alerts, channels, clock),
    },
    {
      provide: AlertWatch,
      inject: [WorkPool, GatesStore, ChannelRegistry, Queues, Config, AlertsStore, AlertTargets, Gauges, Log],
      useFactory: (
        pool: WorkPool,
        gates: GatesStore,
        channels: ChannelRegistry,
        queues: Queues,
        { file: { alerts } }: Config,
        store: AlertsStore,
        targets: AlertTargets,
        gauges: Gauges,
        log: Log,
      ) =>
        new AlertWatch(
          createEvaluators({ pool, gates, channels, queues, alerts }),
          store,
          { quietMs: alerts.quietMs, windowMs: alerts.windowMs, targets: targets.names },
          gauges,
          log,
        ),
    },
    {
      provide: AlertNotifier,
      inject: [AlertsStore, AlertTargets, Gauges, Log],
      useFactory: (store: AlertsStore, targets: AlertTargets, gauges: Gauges, log: Log) =>
        new AlertNotifier(store, targets, gauges, log),
    },
    {
      provide: Heartbeat,
      inject: [AlertsStore, AlertTargets, Log],
      useFactory: (store: AlertsStore, targets: AlertTargets, log: Log) => new Heartbeat(store, targets, log),
    },
    {
      provide: DatabaseWatch,
      inject: [LeaseService, AlertsStore, AlertTargets, DatabaseClock, Gauges, Log, DatabaseRoom],
      useFactory: (
        lease: LeaseService,
        store: AlertsStore,
        targets: AlertTargets,
        clock: DatabaseClock,
        gauges: Gauges,
        log: Log,
        room: DatabaseRoom,
      ) =>
        new DatabaseWatch(
          { isSafe: () => lease.isSafe() && !room.isShort() },
          store,
          targets,
          clock,
          gauges,
          log,
        ),
    },
    {
      provide: ALERT_UPKEEP,
      inject: [AlertWatch, AlertNotifier, Heartbeat, DatabaseWatch, WorkPool, Gauges, Log],
      useFactory: (
        watch: AlertWatch,
        notifier: AlertNotifier,
        heartbeat: Heartbeat,
        database: DatabaseWatch,
        pool: WorkPool,
        gauges: Gauges,
        log: Log,
      ) => new UpkeepRunner([watch, notifier, heartbeat, database], pool, gauges, log),
    },
  ],
  exports: [AlertsStore],
})
export class AlertsModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(ALERT_UPKEEP) private readonly upkeep: UpkeepRunner,
    @Inject(AlertNotifier) private readonly notifier: AlertNotifier,
    @Inject(Heartbeat) private readonly heartbeat: Heartbeat,
    @Inject(DatabaseWatch) private readonly database: DatabaseWatch,
    @Inject(AlertTargets) private readonly targets: AlertTargets,
  ) {}

  onApplicationBootstrap(): void {
    this.upkeep.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.notifier.stop();
    this.heartbeat.stop();
    this.database.stop();
    await this.upkeep.stop();
    await this.targets.close();
  }
}
