import { randomBytes } from 'node:crypto';

import { Module, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AuditTrail } from '../../src/platform/audit/audit-trail.service.js';
import { ApiKeys } from '../../src/platform/auth/api-keys.service.js';
import { Config, loadConfig } from '../../src/platform/config/config.js';
import { DoorPool, WorkPool } from '../../src/platform/database/pools.js';
import { CallerRates } from '../../src/platform/http/caller-rates.js';
import { useCarefulJson } from '../../src/platform/http/json-body.js';
import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { RouteGuard } from '../../src/platform/http/route.guard.js';
import { RouteTable } from '../../src/platform/http/route-table.js';
import { Log } from '../../src/platform/logging/log.js';
import { Gauges } from '../../src/platform/metrics/gauges.js';

export interface Part {
  controllers: Type[];
  providers: Provider[];
  /** Routes outside Nest. */
  plugin?: unknown;
}

/** A few controllers alone, behind the real guard, with a key of their own and a real database. */
export async function startPart(pool: DoorPool, { controllers, providers, plugin }: Part) {
  const apiKey = `ph_test_${randomBytes(24).toString('base64url')}`;
  const routes = new RouteTable();

  @Module({
    controllers,
    providers: [
      ...providers,
      { provide: DoorPool, useValue: pool },
      { provide: WorkPool, useValue: pool },
      { provide: Config, useValue: loadConfig({ POSTHASTE_API_KEY: apiKey }) },
      { provide: Log, useValue: new Log('silent') },
      { provide: RouteTable, useValue: routes },
      AuditTrail,
      ApiKeys,
      CallerRates,
      Gauges,
      { provide: APP_GUARD, useClass: RouteGuard },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  })
  class PartAlone {}

  const app = await NestFactory.create<NestFastifyApplication>(
    PartAlone,
    new FastifyAdapter({ forceCloseConnections: true }),
    { bodyParser: false, logger: false, abortOnError: false },
  );
  const fastify = app.getHttpAdapter().getInstance();
  routes.watch(fastify);
  useCarefulJson(fastify, () => false);
  if (plugin) await fastify.register(plugin as never);
  await app.listen(0, '127.0.0.1');
  await app.get(ApiKeys).ensureFirstKey();
  return {
    url: await app.getUrl(),
    apiKey,
    stop: async () => {
      await app.close();
      await pool.end();
    },
  };
}
