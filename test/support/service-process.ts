import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../src/embedded/free-port.js';
import { waitFor } from './wait-for.js';

/** The checkout, seen from here or from `dist`. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** One started process of the built service. */
export interface TestProcess {
  url: string;
  child: ChildProcess;
  /** What it wrote. */
  output: () => string;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it says that it is ready; rejects when it ends first. */
  ready(): Promise<void>;
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** Starts `dist/src/main.js`, on a port of its own, with nothing of this process's environment but the path. */
export async function startServiceProcess(
  roles: string,
  env: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
): Promise<TestProcess> {
  const port = await freePort();
  const words: string[] = [];
  const child = spawn(process.execPath, [...nodeFlags, join(ROOT, 'dist/src/main.js')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      ROLES: roles,
      WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      DRAIN_DELAY: '0s', // no load balancer asks
      NICENESS: '0', // those that share this machine are other tests, not the door
      ...env,
    },
  });
  child.stdout.on('data', (data: Buffer) => words.push(data.toString()));
  child.stderr.on('data', (data: Buffer) => words.push(data.toString()));
  const url = `http://127.0.0.1:${port}`;
  const one: TestProcess = {
    url,
    child,
    output: () => words.join(''),
    signal: (name) => void child.kill(name),
    ready: () => becomesReady(one, roles),
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? 0))),
  };
  return one;
}

async function becomesReady(one: TestProcess, roles: string): Promise<void> {
  await waitFor(() => isReady(one), { within: 30_000, what: `a process with ${roles}` });
}

async function isReady({ child, url, output }: TestProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null)
    throw new Error(`The process ended at its start:\n${output()}`);
  const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
  return answer?.ok === true;
}

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}
