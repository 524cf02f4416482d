import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { freePort } from '../../src/embedded/free-port.js';
import { makeRunFolder } from './run-folder.js';

/** A Redis of its own, as production runs it: AOF everysec, noeviction. */
export interface TestRedis {
  url: string;
  /** kill -9. Resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same port, from its append-only file; `isEmpty`: from nothing. */
  restart(options?: { isEmpty?: boolean }): Promise<void>;
  /** One inline command, the first lines of its answer as they came. */
  ask(command: string): Promise<string>;
  /** FLUSHALL. */
  flush(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Kills it and removes its data. */
  end(): Promise<void>;
}

/** Whether this machine can run one. */
export const hasRedisServer = (): boolean =>
  spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

export async function startRedis(): Promise<TestRedis> {
  const folder = makeRunFolder();
  const port = await freePort();
  let server = await launch(folder, port);
  const kill = (): Promise<void> => {
    server.kill('SIGKILL'); // also ends a stopped one
    return goneOf(server);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async ({ isEmpty = false } = {}) => {
      if (isEmpty) rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true });
      server = await launch(folder, port);
    },
    ask: (command) => say(port, command),
    flush: async () => {
      await say(port, 'FLUSHALL');
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    end: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const FLAGS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
const START_MS = 10_000;

async function launch(folder: string, port: number): Promise<ChildProcess> {
  const flags = [
    ...FLAGS,
    '--maxmemory-policy',
    'noeviction',
    '--dir',
    folder,
    '--pidfile',
    join(folder, 'redis.pid'),
    '--port',
    String(port),
  ];
  const server = spawn('redis-server', flags, { stdio: 'ignore' });
  const deadline = performance.now() + START_MS;
  for (;;) {
    if ((await say(port, 'PING').catch(() => '')).startsWith('+PONG')) return server;
    if (server.exitCode !== null || performance.now() > deadline)
      throw new Error(`redis-server did not start on ${port}`);
    await pause(20);
  }
}

function goneOf(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => server.once('exit', () => resolve()));
}

/** One inline command, its first answer: a client library would begin to reconnect. */
function say(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setTimeout(2_000, () => socket.destroy(new Error('redis-server does not answer')));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString());
    });
  });
}
