import { createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

import type { Log } from '../platform/logging/log.js';
import { type BackendHealth, inspectRedis, WELL } from './backend-health.js';

/** What BullMQ's constructors take as `connection`; both backends have the same queues and workers on top. */
export interface QueueConnections {
  readonly backend: 'redis' | 'postgresql';
  /** For adding: fails within seconds when the queue cannot take it, never waits in a buffer. */
  readonly producer: unknown;
  /** For workers: waits for jobs, reconnects for ever. */
  readonly consumer: unknown;
  /** Whether the queue backend answers, for readiness. */
  ping(): Promise<void>;
  /**
   * Whether the queues still are the ones we published to: false once after they were emptied (FLUSHALL, a restart from
   * nothing). PostgreSQL's queues are as durable as the truth itself.
   */
  checkMarker(): Promise<boolean>;
  /** What is wrong with the backend itself. Answers for what it does not answer, too. */
  inspect(): Promise<BackendHealth>;
  close(): Promise<void>;
}

/** A queue that takes longer than this to answer is treated as away; the relay tries again. Milliseconds. */
const COMMAND_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** Reply errors (OOM, READONLY) come by the thousand a second: one line in this time tells as much. */
const LOG_EVERY_MS = 10_000;
/** Each worker keeps one connection for LISTEN; the rest share these. */
const SHARED_CONNECTIONS = 6;
/** Where BullMQ's migrations put its tables. */
const BULLMQ_SCHEMA = 'bullmq';
const MARKER = 'posthaste:marker';

/** `workers`: how many queues this process will work on. */
export function openQueueConnections(
  urls: { redis: string | undefined; database: string },
  workers: number,
  log: Log,
): QueueConnections {
  return urls.redis === undefined ? openPostgres(urls.database, workers, log) : openRedis(urls.redis, log);
}

function openRedis(url: string, log: Log): QueueConnections {
  setDefaultBackendFactory(); // BullMQ's own default: Redis
  const producer = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    lazyConnect: false,
    retryStrategy: backOff,
  });
  const consumer = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: backOff,
  });
  const complain = occasionally(log);
  producer.on('error', complain);
  consumer.on('error', complain);
  return {
    backend: 'redis',
    producer,
    consumer,
    ping: async () => void (await producer.ping()),
    checkMarker: async () => (await producer.set(MARKER, '1', 'GET')) !== null,
    inspect: () => inspectRedis(producer),
    close: async () => {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

function openPostgres(url: string, workers: number, log: Log): QueueConnections {
  setDefaultBackendFactory(createPostgresBackend);
  // One pool for every queue and worker: BullMQ would open one each.
  const pool = new pg.Pool({
    connectionString: url,
    max: workers + SHARED_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'posthaste-queues',
    keepAlive: true,
    options: `-c search_path=${BULLMQ_SCHEMA}`,
  });
  pool.setMaxListeners(0); // every queue and worker adds its own
  const complain = occasionally(log);
  pool.on('error', (error) => complain(error));
  return {
    backend: 'postgresql',
    producer: pool,
    consumer: pool,
    ping: async () => void (await pool.query('SELECT 1')),
    checkMarker: async () => true,
    inspect: async () => {
      await pool.query('SELECT 1');
      return WELL;
    },
    close: () => pool.end(),
  };
}

/** A short while at first, never longer than two seconds: a queue that is back is used at once. */
const backOff = (times: number): number => Math.min(2_000, 50 * 2 ** Math.min(times, 6));

/** Says the first error at once and one in a while after it. */
export function occasionally(
  log: Log,
  event = 'queue.failed',
): (error: unknown, fields?: Record<string, unknown>) => void {
  let lastAt = -Infinity;
  let unsaid = 0;
  return (error, fields = {}) => {
    const now = performance.now();
    if (now - lastAt < LOG_EVERY_MS) {
      unsaid++;
      return;
    }
    log.error(event, { ...fields, err: error, similar: unsaid });
    lastAt = now;
    unsaid = 0;
  };
}
