import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { request } from 'undici';

import { freePort } from '../../src/embedded/free-port.js';
import { BenchProcess, nodeFlagsFor } from './child-process.js';
import type { Cluster } from './cluster.js';
import { root } from './root.js';
import { waitFor } from './wait-for.js';

/** One installation: what all its processes have in common. */
export interface Installation {
  databaseUrl: string;
  /** Undefined: BullMQ keeps its queues in PostgreSQL. */
  redisUrl: string | undefined;
  apiKey: string;
  encryptionKey: string;
}

export const installationOn = (databaseUrl: string, redisUrl?: string): Installation => ({
  databaseUrl,
  redisUrl,
  apiKey: `ph_bench_${randomBytes(32).toString('base64url')}`,
  encryptionKey: randomBytes(32).toString('base64'),
});

/**
 * The default provider with room for 200 calls, as the contract's example has it. One sink stands for all subscribers, so
 * the cap an endpoint has is opened: what is measured is the pipeline, not one subscriber's share of it.
 */
const CONFIGURATION = `providers:
  - { name: webhooks, channel: webhook, kind: http, concurrency: 200, per_endpoint_concurrency: 200 }
`;

/** A start takes a second or two of processor time, which a busy machine may take a minute to give. */
const READY_WITHIN_MS = 120_000;

export interface PosthasteProcess {
  process: BenchProcess;
  url: string;
}

/** A process of the service itself, as `npm run start:prod` starts it; its log goes to a file, as it would. */
export async function startPosthaste(
  cluster: Cluster,
  { databaseUrl, redisUrl, apiKey, encryptionKey }: Installation,
  roles: string,
  configuration = CONFIGURATION,
): Promise<PosthasteProcess> {
  const name = roles.replaceAll(',', '+');
  const port = await freePort();
  const configFile = join(cluster.folder, `posthaste-${port}.yaml`);
  writeFileSync(configFile, configuration);
  const log = openSync(join(cluster.folder, `${name}-${port}.log`), 'a');
  const child = spawn(process.execPath, [...nodeFlagsFor(name), join(root, 'dist/src/main.js')], {
    cwd: root,
    stdio: ['ignore', log, log, 'ipc'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl ?? '',
      ROLES: roles,
      POSTHASTE_CONFIG: configFile,
      POSTHASTE_API_KEY: apiKey,
      ENCRYPTION_KEY: encryptionKey,
      WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      SANDBOX: 'false',
      DRAIN_DELAY: '0s',
    },
  });
  closeSync(log);
  const started = { process: new BenchProcess(name, child), url: `http://127.0.0.1:${port}` };
  await waitFor(`Posthaste (${roles}) ready`, () => isReady(started.url), READY_WITHIN_MS);
  return started;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/health/ready`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** Registers the sink as so many subscribers; answers their ids. */
export async function createEndpoints(
  api: string,
  { apiKey }: Installation,
  sink: string,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const { statusCode, body } = await request(`${api}/v1/endpoints`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${sink}/hook/${at}`, types: ['*'] }),
    });
    const answer = (await body.json()) as { id: string };
    if (statusCode !== 201)
      throw new Error(`No endpoint was created: ${statusCode} ${JSON.stringify(answer)}`);
    ids.push(answer.id);
  }
  return ids;
}
