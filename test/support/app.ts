import 'reflect-metadata';

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';
import request, { type Test } from 'supertest';
import { Agent } from 'undici';
import { inject } from 'vitest';

import { type Posthaste, startPosthaste } from '../../src/apps/posthaste.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { Log } from '../../src/platform/logging/log.js';
import { createDatabase } from './postgres.js';
import { startRedis } from './redis.js';

export type Backend = 'postgresql' | 'redis';

/** The queue backends that this run tests. In CI both are there: the run fails at its start without Redis. */
export const BACKENDS: readonly Backend[] =
  inject('redisUrl') === undefined ? ['postgresql'] : ['redis', 'postgresql'];

/** Every channel has a provider; nothing listens on the discard port, and without a worker nobody asks it to. */
export const ALL_CHANNELS = `
providers:
  - { name: mail, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", from: "Test <test@posthaste.example>" }
  - { name: texts, channel: sms, kind: twilio, base_url: "http://127.0.0.1:9", account_sid: AC00000000000000000000000000000000, auth_token: none, from: "+15005550006" }
  - { name: webhooks, channel: webhook, kind: http }
`;

export interface AppOptions {
  backend?: Backend;
  /** Default: `api` alone, so that what is accepted stays where it is. */
  roles?: string;
  /** posthaste.yaml; default: a provider for every channel. */
  yaml?: string;
  env?: Record<string, string>;
  /** Default: a database of its own, cloned from the run's template. */
  databaseUrl?: string;
}

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete' | 'options';

export type Answer = { status: number; body: any };

/** The service in this process, on parts of its own. */
export interface TestApp {
  url: string;
  apiKey: string;
  databaseUrl: string;
  pool: pg.Pool;
  posthaste: Posthaste;
  /** With the admin key; `bare` leaves the key out. */
  request(method: Method, path: string): Test;
  bare(method: Method, path: string): Test;
  /** `POST /v1/notifications`, on connections that are kept: by the thousand. */
  send(notification: object): Promise<Answer>;
  /** Stops it and starts it again with another file or environment, on the same database and keys. */
  restart(changes: Pick<AppOptions, 'yaml' | 'env' | 'roles'>): Promise<void>;
  /** Leaves no handle behind. */
  stop(): Promise<void>;
}

export async function startApp(options: AppOptions = {}): Promise<TestApp> {
  const database = options.databaseUrl
    ? { url: options.databaseUrl, drop: async () => undefined }
    : await createDatabase();
  const redis = options.backend === 'redis' ? await startRedis() : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'posthaste-app-'));
  const pool = new pg.Pool({ connectionString: database.url, max: 2, allowExitOnIdle: true });
  pool.on('error', () => undefined);
  const apiKey = `ph_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('hex')}`;
  const keys = { POSTHASTE_API_KEY: apiKey, ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  let posthaste: Posthaste;

  const start = (now: AppOptions): Promise<Posthaste> => {
    const file = join(folder, 'posthaste.yaml');
    writeFileSync(file, now.yaml ?? ALL_CHANNELS);
    const config = loadConfig({
      ...keys,
      PORT: '0',
      DATABASE_URL: database.url,
      ...(redis ? { REDIS_URL: redis.url } : {}),
      ROLES: now.roles ?? 'api',
      POSTHASTE_CONFIG: file,
      WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      LOG_LEVEL: 'silent',
      DRAIN_DELAY: '0s',
      ...now.env,
    });
    return startPosthaste(config, new Log(config.environment.logLevel));
  };
  const tearDown = async (): Promise<void> => {
    await pool.end();
    await redis?.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    posthaste = await start(options);
  } catch (error) {
    await tearDown();
    throw error;
  }
  const bare = (method: Method, path: string): Test => request(posthaste.url)[method](path);
  const asAdmin = (method: Method, path: string): Test =>
    bare(method, path).set('authorization', `Bearer ${apiKey}`);
  const agent = new Agent({ connections: 200 });
  const send = async (notification: object): Promise<Answer> => {
    const { statusCode, body } = await agent.request({
      origin: posthaste.url,
      path: '/v1/notifications',
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(notification),
    });
    return { status: statusCode, body: await body.json() };
  };
  return {
    get url() {
      return posthaste.url;
    },
    get posthaste() {
      return posthaste;
    },
    apiKey,
    databaseUrl: database.url,
    pool,
    bare,
    request: asAdmin,
    send: (notification) => send(notification),
    restart: async (changes) => {
      await posthaste.stop();
      posthaste = await start({ ...options, ...changes });
    },
    stop: async () => {
      await agent.close();
      await posthaste.stop();
      await tearDown();
    },
  };
}
