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
import { Templates } from '../../src/templating/templates.js';
import { TemplatesController } from '../../src/templating/templates.controller.js';
import { TemplatesPageController } from '../../src/templating/templates-page.controller.js';

/** The templates' routes alone, behind the real guard, with the shipped templates. */
export async function startTemplates(databaseUrl: string) {
  const apiKey = `ph_test_${randomBytes(24).toString('base64url')}`;
  const pool = createDoorPool(databaseUrl);
  const routes = new RouteTable();

  @Module({
    controllers: [TemplatesController, TemplatesPageController],
    providers: [
      { provide: Templates, useValue: Templates.load('templates') },
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
  class TemplatesAlone {}

  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  const app = await NestFactory.create<NestFastifyApplication>(TemplatesAlone, adapter, {
    bodyParser: false,
    logger: false,
  });
  const fastify = app.getHttpAdapter().getInstance();
  routes.watch(fastify);
  useCarefulJson(fastify, () => false);
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
