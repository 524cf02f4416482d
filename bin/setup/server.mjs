import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { Fault } from './fault.mjs';

/** The server's own deadline is 25 s; what has not ended by then never will. */
const SHUTDOWN_MS = 30_000;
/** Nest on a slow machine with a cold disk. */
const READY_MS = 60_000;
const LOOK_EVERY_MS = 100;
const LARGEST_LOG_BYTES = 10 * 1024 * 1024;
const LINES_SHOWN = 20;

/**
 * The server as our child. It has a process group of its own, so that Ctrl-C reaches it once, from us; an IPC channel,
 * by whose end it learns that we were killed; and a file for its words, which outlives us where a pipe would not.
 */
export function startServer(life, { root, env, logFile, onDeath }) {
  if (existsSync(logFile) && statSync(logFile).size > LARGEST_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  const logFrom = fstatSync(log).size;
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const lastWords = () =>
    readFileSync(logFile)
      .subarray(logFrom)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(-LINES_SHOWN)
      .join('\n');
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  void exited.then((how) => life.isEnding || onDeath(how, lastWords()));
  life.owe({
    end: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), SHUTDOWN_MS);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(timer);
    },
    force: () => child.kill('SIGKILL'),
  });
  return { lastWords };
}

/** Resolves when the server says that it is ready. */
export async function becomesReady(life, url, server) {
  const deadline = performance.now() + READY_MS;
  let said = 'no answer';
  while (!life.isEnding) {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    );
    if (answer?.ok) return;
    if (answer) said = `${answer.status} ${await answer.text()}`;
    if (performance.now() > deadline) {
      throw new Fault(
        `The server did not become ready within ${READY_MS / 1000} s: ${said}\n${server.lastWords()}`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}
