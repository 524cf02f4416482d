import { readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { freePort } from '../../src/embedded/free-port.js';
import { cloneInto, StartedNpm } from '../support/checkout.js';
import { makeRunFolder } from '../support/run-folder.js';

type Json = Record<string, unknown>;

/** A first build on a slow machine, twice over. */
const PATIENCE = { timeout: 120_000, interval: 100 };

describe('npm start in a fresh clone, below a path with spaces', { timeout: 240_000 }, () => {
  let root: string;
  let folder: string;
  let port: number;
  const started: StartedNpm[] = [];

  beforeAll(async () => {
    root = makeRunFolder();
    folder = join(root, 'my clone of posthaste');
    cloneInto(folder);
    port = await freePort();
  });

  afterAll(async () => {
    for (const npm of started) {
      for (const line of npm.processes()) tryKill(Number.parseInt(line, 10));
    }
    rmSync(root, { recursive: true, force: true, maxRetries: 10 });
  });

  const start = (env: NodeJS.ProcessEnv = {}): StartedNpm => {
    const npm = new StartedNpm(folder, { PORT: String(port), ...env });
    started.push(npm);
    return npm;
  };

  const startReady = async (): Promise<StartedNpm> => {
    const npm = start();
    const ended = npm.exited.then(() => 'ended');
    const ready = vi.waitFor(() => expect(npm.output).toContain('Ctrl-C stops everything'), PATIENCE);
    expect(await Promise.race([ended, ready]), npm.output).not.toBe('ended');
    return npm;
  };

  const keyOf = (npm: StartedNpm): string => /ph_[a-z0-9]{12}_[\w-]{43}/.exec(npm.output)![0];

  const call = async (
    npm: StartedNpm,
    path: string,
    body?: object,
  ): Promise<{ status: number; json: Json }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${keyOf(npm)}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, json: (await response.json()) as Json };
  };

  const stopByCtrlC = async (npm: StartedNpm): Promise<void> => {
    npm.pressCtrlC();
    expect(await npm.exited, npm.output).toBe(0);
    expect(npm.processes()).toEqual([]);
  };

  const welcome = {
    type: 'welcome',
    channel: 'email',
    recipient: 'ada@example.com',
    business_id: 'user-1',
    data: { name: 'Ada', start_url: 'https://example.com/start' },
  };

  it('builds, starts, shows what to try, and that works as printed; Ctrl-C leaves no process', async () => {
    const npm = await startReady();
    const printed = /-d '(\{.*\})'/.exec(npm.output)![1]!;
    expect(JSON.parse(printed)).toEqual(welcome);
    expect((await call(npm, '/v1/notifications', welcome)).status).toBe(202);
    await vi.waitFor(async () => {
      const messages = await call(npm, '/v1/sandbox/messages');
      expect(JSON.stringify(messages.json)).toContain('ada@example.com');
    }, PATIENCE);
    for (const secret of ['keys.json', 'postgres.json', 'posthaste.log', 'postgres.log']) {
      expect(statSync(join(folder, '.posthaste', secret)).mode & 0o077, secret).toBe(0);
    }
    await stopByCtrlC(npm);
  });

  it('keeps key and data to the next start, and says so when something listens on the port', async () => {
    const npm = await startReady();
    expect(npm.output).toContain(
      JSON.parse(readFileSync(join(folder, '.posthaste', 'keys.json'), 'utf8')).POSTHASTE_API_KEY,
    );
    expect(npm.output).toMatch(/build +0\.\d s  nothing new/);
    const again = await call(npm, '/v1/notifications', welcome);
    expect([again.status, again.json['duplicate']]).toEqual([200, true]);

    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.output).toContain('runs from this folder already');
    expect((await call(npm, '/v1/notifications', welcome)).status).toBe(200);
    await stopByCtrlC(npm);

    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve));
    const third = start();
    expect(await third.exited).toBe(1);
    expect(third.output).toContain(`Port ${port} is taken`);
    expect(third.output).toContain(`PORT=${port + 1} npm start`);
    await new Promise((resolve) => thief.close(resolve));
    expect(third.processes()).toEqual([]);
  });

  it('starts again on its data after kill -9 of the supervisor, whose server ends by itself', async () => {
    const killed = await startReady();
    killed.killHard();
    await vi.waitFor(
      () => expect(killed.processes().filter((line) => line.includes('dist/src/main.js'))).toEqual([]),
      PATIENCE,
    );
    const npm = await startReady();
    expect(npm.output).toContain('that a killed start left behind');
    expect((await call(npm, '/v1/notifications', welcome)).status).toBe(200);
    await stopByCtrlC(npm);
  });

  it('ends with its last words, and leaves nothing behind, when the server dies', async () => {
    const npm = await startReady();
    const server = npm.processes().find((line) => line.includes('dist/src/main.js'))!;
    process.kill(Number.parseInt(server, 10), 'SIGKILL');
    expect(await npm.exited).toBe(1);
    expect(npm.output).toContain('The server ended without having been asked to (SIGKILL)');
    expect(npm.processes()).toEqual([]);
  });

  it('ends cleanly when it is interrupted while it starts', async () => {
    const npm = start();
    await vi.waitFor(() => expect(npm.output).toMatch(/build +0\.\d s/), { ...PATIENCE, interval: 10 });
    await stopByCtrlC(npm);
  });

  it('names what is wrong with the configuration', async () => {
    const npm = start({ LOG_LEVEL: 'loud' });
    expect(await npm.exited).toBe(1);
    expect(npm.output).toContain('LOG_LEVEL must be one of');
    expect(npm.processes()).toEqual([]);
  });
});

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}
