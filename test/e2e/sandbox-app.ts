import { randomBytes } from 'node:crypto';

import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AuditTrail } from '../../src/platform/audit/audit-trail.service.js';
import { ApiKeys } from '../../src/platform/auth/api-keys.service.js';
import { Config, loadConfig } from '../../src/platform/config/config.js';
import { createDoorPool, DoorPool, WorkPool } from '../../src/platform/database/pools.js';
import { useCarefulJson } from '../../src/platform/http/json-body.js';
import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { RouteGuard } from '../../src/platform/http/route.guard.js';
import { RouteTable } from '../../src/platform/http/route-table.js';
import { Log } from '../../src/platform/logging/log.js';
import { Catchers } from '../../src/sandbox/catchers.js';
import { FaultsStore } from '../../src/sandbox/faults.store.js';
import { HookCatcher } from '../../src/sandbox/hook-catcher.js';
import { hookRoutes } from '../../src/sandbox/hook-routes.js';
import { SandboxPageController } from '../../src/sandbox/sandbox-page.controller.js';
import { SandboxController } from '../../src/sandbox/sandbox.controller.js';
import { SandboxStore } from '../../src/sandbox/sandbox.store.js';

export const HOOK_SECRET = `whsec_${randomBytes(24).toString('base64')}`;

/** The sandbox alone, as the API and a worker hold it: real pages, real catchers, a real database. */
export async function startSandbox(databaseUrl: string) {
  const apiKey = `ph_test_${randomBytes(24).toString('base64url')}`;
  const pool = createDoorPool(databaseUrl);
  const store = new SandboxStore(pool);
  const faults = new FaultsStore(pool);
  const hooks = new HookCatcher(store, faults, async (url) =>
    url.endsWith('/hooks/demo') ? [HOOK_SECRET] : [],
  );
  const routes = new RouteTable();

  @Module({
    controllers: [SandboxController, SandboxPageController],
    providers: [
      { provide: SandboxStore, useValue: store },
      { provide: FaultsStore, useValue: faults },
      { provide: DoorPool, useValue: pool },
      { provide: Config, useValue: loadConfig({ POSTHASTE_API_KEY: apiKey }) },
      { provide: Log, useValue: new Log('silent') },
      { provide: RouteTable, useValue: routes },
      { provide: WorkPool, useValue: pool },
      AuditTrail,
      ApiKeys,
      { provide: APP_GUARD, useClass: RouteGuard },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  })
  class SandboxAlone {}

  const app = await NestFactory.create<NestFastifyApplication>(
    SandboxAlone,
    new FastifyAdapter({ forceCloseConnections: true }),
    { bodyParser: false, logger: false },
  );
  const fastify = app.getHttpAdapter().getInstance();
  routes.watch(fastify);
  useCarefulJson(fastify, () => false);
  await fastify.register(hookRoutes(hooks) as never);
  await app.listen(0, '127.0.0.1');
  await app.get(ApiKeys).ensureFirstKey();
  const catchers = new Catchers(store, faults);
  const addresses = await catchers.start();
  return {
    url: await app.getUrl(),
    apiKey,
    addresses,
    store,
    faults,
    stop: async () => {
      await catchers.stop();
      await app.close();
      await pool.end();
    },
  };
}
