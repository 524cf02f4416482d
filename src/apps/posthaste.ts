import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

import { TypeCatalogue } from '../catalogue/type-catalogue.js';
import { type Config, ConfigError } from '../platform/config/config.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { installationKey } from '../platform/crypto/installation-key.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { createDoorPool, createWorkPool } from '../platform/database/pools.js';
import { Readiness } from '../platform/health/readiness.js';
import { answerUnreadable, answerUnroutable } from '../platform/http/framework-errors.js';
import { DoorDrain } from '../platform/http/door-drain.js';
import { useCarefulJson } from '../platform/http/json-body.js';
import { useOtherBodies } from '../platform/http/other-bodies.js';
import { RouteTable } from '../platform/http/route-table.js';
import { Log } from '../platform/logging/log.js';
import { NestLog } from '../platform/logging/nest-log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { meterAnswers } from '../platform/metrics/meter-answers.js';
import { meterPools } from '../platform/metrics/meter-pools.js';
import { startTracing } from '../platform/tracing/start-tracing.js';
import { openQueueConnections, type QueueConnections } from '../queues/queue-connections.js';
import { queueRefsOf } from '../queues/queue-names.js';
import { QueuesModule } from '../queues/queues.module.js';
import { Templates } from '../templating/templates.js';
import { AlertsModule } from './alerts.module.js';
import { ChannelsModule } from './channels.module.js';
import { FiguresModule } from './figures.module.js';
import { LeaseModule } from './lease.module.js';
import { type Foundation, PlatformModule } from './platform.module.js';
import type { Sandbox } from './sandbox.js';

@Module({})
class PosthasteModule {}

/** A request, its body included, is here by then or is cut: without an end, a caller that trickles holds its socket for ever. */
const REQUEST_MS = 30_000;
const LOOK_FOR_OVERDUE_MS = 5_000;

/** A running process. */
export interface Posthaste {
  app: NestFastifyApplication;
  /** Where it answers. */
  url: string;
  /** Stops taking, ends what is under way, closes everything. */
  stop(): Promise<void>;
}

/** Starts the roles that the configuration names, on a migrated database. Throws ConfigError for what a person must set. */
export async function startPosthaste(
  config: Config,
  log = new Log(config.environment.logLevel),
): Promise<Posthaste> {
  const foundation = await layFoundation(config, log);
  const sandbox = config.isSandbox ? await openSandbox(foundation) : undefined;
  const providers = sandbox ? await sandbox.start() : config.file.providers;
  const queues = openQueues(config, log, providers);
  const app = await createApp(foundation, await rolesOf(config, providers, queues, sandbox));
  await sandbox?.registerHooks(app.getHttpAdapter().getInstance());
  await app.listen(config.environment.port, config.environment.host);
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  log.info('process.started', {
    roles: config.environment.roles,
    queues: queues.backend,
    sandbox: config.isSandbox,
  });
  return {
    app,
    url,
    stop: async () => {
      app.get(Readiness).beginShutdown();
      app.get(DoorDrain).begin();
      await app.close();
      await sandbox?.stop();
      await Promise.allSettled([
        queues.close(),
        foundation.doorPool.end(),
        foundation.workPool.end(),
        foundation.tracing.stop(),
      ]);
      log.info('process.stopped');
      log.flush();
    },
  };
}

async function layFoundation(config: Config, log: Log): Promise<Foundation> {
  const { databaseUrl, encryptionKey, encryptionKeyPrevious } = config.environment;
  const missing = [
    ...(databaseUrl === undefined ? ['DATABASE_URL must be set: PostgreSQL is the only truth here.'] : []),
    ...(encryptionKey === undefined
      ? ['ENCRYPTION_KEY must be set: `openssl rand -base64 32` makes one.']
      : []),
  ];
  if (databaseUrl === undefined || encryptionKey === undefined) throw new ConfigError(missing);
  const catalogue = TypeCatalogue.load(config.file, config.environment.templatesDir);
  const doorPool = createDoorPool(databaseUrl);
  const workPool = createWorkPool(databaseUrl);
  const sealer = new Sealer(encryptionKey, encryptionKeyPrevious);
  const hasher = new KeyedHasher(await installationKey(workPool, sealer));
  const gauges = new Gauges();
  meterPools(gauges, { door: doorPool, work: workPool });
  const tracing = await startTracing(config.environment, gauges, log);
  return {
    ...{ config, log, doorPool, workPool, sealer, hasher, routes: new RouteTable(), catalogue },
    ...{ gauges, tracing },
  };
}

function openQueues(config: Config, log: Log, providers: readonly ProviderConfig[]): QueueConnections {
  const { redisUrl, databaseUrl, roles } = config.environment;
  const workers = roles.includes('worker') ? queueRefsOf(providers).length : 0;
  return openQueueConnections({ redis: redisUrl, database: databaseUrl! }, workers, log);
}

/** Catchers, their SMTP server and their page are loaded where there is a sandbox, and nowhere else. */
async function openSandbox({ config, workPool, sealer }: Foundation): Promise<Sandbox> {
  const { Sandbox } = await import('./sandbox.js');
  return new Sandbox(workPool, sealer, config.environment.roles);
}

/** A role's code is loaded in the processes that have it: the others would keep it in memory for nothing. */
async function rolesOf(
  config: Config,
  providers: readonly ProviderConfig[],
  queues: QueueConnections,
  sandbox: Sandbox | undefined,
): Promise<NonNullable<DynamicModule['imports']>> {
  const { roles, templatesDir } = config.environment;
  const refs = queueRefsOf(providers);
  return [
    QueuesModule.register(refs, queues),
    ChannelsModule.register(Templates.load(templatesDir), providers),
    LeaseModule,
    AlertsModule,
    FiguresModule,
    ...(roles.includes('api') ? [(await import('./api.module.js')).ApiModule] : []),
    ...(roles.includes('relay') ? [(await import('./relay.module.js')).RelayModule] : []),
    ...(roles.includes('worker')
      ? [(await import('./worker.module.js')).WorkerModule.register(refs, queues)]
      : []),
    ...(sandbox ? [sandbox.module()] : []),
  ];
}

async function createApp(
  foundation: Foundation,
  roles: NonNullable<DynamicModule['imports']>,
): Promise<NestFastifyApplication> {
  const module = { module: PosthasteModule, imports: [PlatformModule.register(foundation), ...roles] };
  const adapter = new FastifyAdapter({
    forceCloseConnections: true,
    trustProxy: false,
    requestTimeout: REQUEST_MS,
    http: { connectionsCheckingInterval: LOOK_FOR_OVERDUE_MS },
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerUnreadable,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  foundation.routes.watch(fastify);
  meterAnswers(fastify, foundation.gauges);
  useCarefulJson(fastify, (url) => /^\/v1\/(notifications\/batch|suppressions)\b/.test(url));
  useOtherBodies(fastify, (url) => url.startsWith('/v1/unsubscribe/'));
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    logger: new NestLog(foundation.log),
    abortOnError: false,
  });
  app.get(DoorDrain).watch(fastify);
  return app;
}
