import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';

import { TypeCatalogue } from '../catalogue/type-catalogue.js';
import { webhooksOf } from '../catalogue/webhooks-in-docs.js';
import { EndpointEntity } from '../endpoints/endpoint.entity.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { ApiKeys } from '../platform/auth/api-keys.service.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { dataSourceOptions } from '../platform/database/data-source.js';
import { DatabaseRoom } from '../platform/database/database-room.js';
import { DoorPool, WorkPool } from '../platform/database/pools.js';
import { HealthController } from '../platform/health/health.controller.js';
import { Readiness, READINESS_CHECKS } from '../platform/health/readiness.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import { CallerRates } from '../platform/http/caller-rates.js';
import { DoorDrain } from '../platform/http/door-drain.js';
import { DocsController } from '../platform/http/docs.controller.js';
import { OPEN_API_WEBHOOKS, OpenApi } from '../platform/http/open-api.js';
import { ProblemFilter } from '../platform/http/problem.filter.js';
import { RouteGuard } from '../platform/http/route.guard.js';
import { RouteTable } from '../platform/http/route-table.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { MetricsController } from '../platform/metrics/metrics.controller.js';
import { Tracing } from '../platform/tracing/tracing.js';
import { Queues } from '../queues/queues.js';

/** What is made before Nest: it outlives the modules, and some of it must exist to describe them. */
export interface Foundation {
  config: Config;
  log: Log;
  doorPool: DoorPool;
  workPool: WorkPool;
  sealer: Sealer;
  hasher: KeyedHasher;
  routes: RouteTable;
  catalogue: TypeCatalogue;
  gauges: Gauges;
  tracing: Tracing;
}

/** The floor of every process, whatever its roles. TypeORM comes first: what it serves must close before it does. */
@Module({})
export class PlatformModule {
  static register(foundation: Foundation): DynamicModule {
    const { config, log, doorPool, workPool, sealer, hasher, routes, catalogue, gauges, tracing } =
      foundation;
    const { databaseUrl, webhookAllowNetworks } = config.environment;
    const allowed = config.isSandbox
      ? [...webhookAllowNetworks, '127.0.0.0/8', '::1/128']
      : webhookAllowNetworks;
    return {
      module: PlatformModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(databaseUrl!, [EndpointEntity]),
          retryAttempts: 3,
          retryDelay: 500,
        }),
        DiscoveryModule,
      ],
      controllers: [HealthController, MetricsController, DocsController],
      providers: [
        { provide: Config, useValue: config },
        { provide: Log, useValue: log },
        { provide: DoorPool, useValue: doorPool },
        { provide: WorkPool, useValue: workPool },
        { provide: Sealer, useValue: sealer },
        { provide: KeyedHasher, useValue: hasher },
        { provide: RouteTable, useValue: routes },
        { provide: TypeCatalogue, useValue: catalogue },
        { provide: Gauges, useValue: gauges },
        { provide: Tracing, useValue: tracing },
        { provide: OPEN_API_WEBHOOKS, useValue: webhooksOf(catalogue) },
        { provide: AddressFilter, useValue: new AddressFilter(allowed) },
        {
          provide: READINESS_CHECKS,
          inject: [Queues],
          useFactory: (queues: Queues) => [
            {
              name: queues.backend === 'redis' ? 'redis' : 'queues',
              isRequired: !config.environment.roles.includes('api'),
              ask: () => queues.ping(),
            },
          ],
        },
        { provide: APP_GUARD, useClass: RouteGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        ApiKeys,
        AuditTrail,
        CallerRates,
        DatabaseClock,
        DatabaseRoom,
        DoorDrain,
        OpenApi,
        Readiness,
      ],
      exports: [
        Config,
        Log,
        DoorPool,
        WorkPool,
        Sealer,
        KeyedHasher,
        AddressFilter,
        ApiKeys,
        AuditTrail,
        DatabaseClock,
        DatabaseRoom,
        Gauges,
        OpenApi,
        Readiness,
        RouteTable,
        Tracing,
        TypeCatalogue,
      ],
    };
  }
}
