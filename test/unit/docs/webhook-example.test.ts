import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { signatureOf } from '../../../src/channels/webhook/signature.js';
import { freePort } from '../../../src/embedded/free-port.js';
import { newSigningPair } from '../../../src/endpoints/endpoint-keys.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/webhooks.md'), 'utf8');
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const BODY = '{"type":"order.shipped","timestamp":"2026-11-22T09:00:00.000Z","data":{"order":"77 ü"}}';

const example = (language: string, nth = 0): string =>
  [...PAGE.matchAll(new RegExp('```' + language + '\\n([^]*?)```', 'g'))][nth]![1]!;
const compiled = (nth = 0): string =>
  ts.transpileModule(example('ts', nth), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  }).outputText;
/** Go compiles its whole library the first time, on a machine that may have other things to do. */
const BUILD_MS = 180_000;
const STAND_INS = join(ROOT, 'test/support/stand-ins');
const works = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

interface Receiver {
  name: string;
  /** Makes it ready in this folder; answers what to run. */
  prepare: (folder: string) => { command: string; args: string[]; env?: Record<string, string> };
}

const typeScript: Receiver = {
  name: 'the TypeScript receiver',
  prepare: (folder) => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'receiver.mjs'), compiled());
    return { command: process.execPath, args: [join(folder, 'receiver.mjs')] };
  },
};

/** With the official library where the machine has it, else with one written from the specification: nothing is fetched. */
function python(): Receiver {
  const isOfficial = works('python3', '-c', 'import standardwebhooks');
  return {
    name: `the Python receiver (${isOfficial ? 'the official library' : 'a stand-in for its library'})`,
    prepare: (folder) => {
      writeFileSync(join(folder, 'receiver.py'), example('python'));
      return {
        command: 'python3',
        args: [join(folder, 'receiver.py')],
        ...(isOfficial
          ? {}
          : { env: { PYTHONPATH: join(STAND_INS, 'python'), PYTHONDONTWRITEBYTECODE: '1' } }),
      };
    },
  };
}

const GO_LIBRARY = 'github.com/standard-webhooks/standard-webhooks/libraries';
function go(): Receiver {
  const cache = spawnSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).stdout.trim();
  const official = join(cache, `${GO_LIBRARY}@v0.0.1`);
  const isOfficial = existsSync(official);
  return {
    name: `the Go receiver (${isOfficial ? 'the official library' : 'a stand-in for its library'})`,
    prepare: (folder) => {
      writeFileSync(join(folder, 'main.go'), example('go'));
      const library = isOfficial ? official : join(STAND_INS, 'go');
      const module = `module receiver\n\ngo 1.20\n\nrequire ${GO_LIBRARY} v0.0.1\n\nreplace ${GO_LIBRARY} => ${library}\n`;
      writeFileSync(join(folder, 'go.mod'), module);
      const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
      const built = spawnSync('go', ['build', '-o', 'receiver'], { cwd: folder, env, encoding: 'utf8' });
      if (built.status !== 0) throw new Error(`The example does not compile:\n${built.stderr}`);
      return { command: join(folder, 'receiver'), args: [] };
    },
  };
}

/** Each where its language is: a test that is not there for a language that is not there is none that was skipped. */
const RECEIVERS: Receiver[] = [
  typeScript,
  ...(works('python3', '--version') ? [python()] : []),
  ...(works('go', 'version') ? [go()] : []),
];

describe.each(RECEIVERS)('docs/webhooks.md: $name', ({ prepare }) => {
  let folder: string;
  let url: string;
  let words = '';
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'posthaste-example-'));
    const { command, args, env: more } = prepare(folder);
    const port = await freePort();
    const env = { ...process.env, ...more, PORT: String(port), WEBHOOK_SECRET: SECRET };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.on('data', (data: Buffer) => (words += data.toString()));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    stop = () => (child.kill(), ended);
    url = `http://127.0.0.1:${port}/hooks`;
    await vi.waitFor(() => fetch(url, { method: 'POST', body: 'knock' }), { timeout: 10_000, interval: 50 });
  }, BUILD_MS);

  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  const deliver = async (id: string, body: string, signed = body): Promise<number> => {
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf(id, timestamp, signed, [SECRET]),
    };
    return (await fetch(url, { method: 'POST', body, headers })).status;
  };

  it('takes what we sign, and does the work once', async () => {
    expect(await deliver('ntf_1', BODY)).toBe(204);
    expect(await deliver('ntf_1', BODY)).toBe(204);
    await vi.waitFor(() => expect(words).toContain('order.shipped'), { timeout: 10_000 });
    expect(words.match(/order\.shipped/g)).toHaveLength(1);
  });

  it('refuses what was changed on the way', async () => {
    expect(await deliver('ntf_2', BODY.replace('77', '78'), BODY)).toBe(401);
  });
});

describe('docs/webhooks.md: the verifier of v1a', () => {
  const [ours, theirs] = [newSigningPair(), newSigningPair()];
  let folder: string;
  let verifiesV1a: (body: Buffer, headers: Record<string, string | undefined>, publicKey: string) => boolean;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'posthaste-example-'));
    writeFileSync(join(folder, 'v1a.mjs'), compiled(1));
    ({ verifiesV1a } = (await import(pathToFileURL(join(folder, 'v1a.mjs')).href)) as {
      verifiesV1a: typeof verifiesV1a;
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const headersOf = (timestamp = Math.floor(Date.now() / 1000)): Record<string, string> => ({
    'webhook-id': 'ntf_1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatureOf(
      'ntf_1',
      timestamp,
      BODY,
      [SECRET],
      [theirs.signingKey, ours.signingKey],
    ),
  });

  it('takes what we sign with a key pair', () => {
    expect(verifiesV1a(Buffer.from(BODY), headersOf(), ours.publicKey)).toBe(true);
  });

  it.each([
    ['another body', Buffer.from(`${BODY} `), headersOf(), ours.publicKey],
    ['an old timestamp', Buffer.from(BODY), headersOf(Math.floor(Date.now() / 1000) - 301), ours.publicKey],
    [
      'a timestamp that is none',
      Buffer.from(BODY),
      { ...headersOf(), 'webhook-timestamp': 'now' },
      ours.publicKey,
    ],
    ['another key', Buffer.from(BODY), headersOf(), newSigningPair().publicKey],
    ['no signature', Buffer.from(BODY), { ...headersOf(), 'webhook-signature': undefined }, ours.publicKey],
    [
      'a secret’s signature alone',
      Buffer.from(BODY),
      { ...headersOf(), 'webhook-signature': 'v1,abc' },
      ours.publicKey,
    ],
  ])('refuses %s', (_what, body, headers, publicKey) => {
    expect(verifiesV1a(body, headers, publicKey)).toBe(false);
  });
});
