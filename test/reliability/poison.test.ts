import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { HOSTILE } from '../integration/http/hostile-requests.js';
import { exchange, type RawRequest } from '../support/raw-http.js';
import { ROOT } from '../support/service-process.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { deploymentFile } from './support/deployment-file.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { hook, letter, many, text } from './support/workload.js';

describe.each(BACKENDS)('poison (%s)', (backend) => {
  let stage: Stage;
  let templates: string;

  afterEach(async () => {
    await stage.stop();
    rmSync(templates, { recursive: true, force: true });
  });

  /** The shipped templates with one that the door of another process has never seen throw. */
  const templatesThatThrow = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'posthaste-templates-'));
    cpSync(join(ROOT, 'templates'), folder, { recursive: true });
    writeFileSync(join(folder, 'welcome', 'email.text.liquid'), 'Hello {{ name }} {{ nobody.told.us }}\n');
    return folder;
  };

  it('26. poison at the door and a template that throws in the worker → refused, or dead letters; never a crash loop, others unharmed', async () => {
    templates = templatesThatThrow();
    const yaml = (providers: Parameters<typeof deploymentFile>[0]) =>
      deploymentFile(providers).replace('retries: 40, base: 300ms', 'retries: 1, base: 300ms');
    stage = await openStage(backend, { yaml });
    const api = await stage.start('api,relay');
    const worker = await stage.start('worker', { env: { TEMPLATES_DIR: templates } });
    const endpoint = await stage.createEndpoint();
    const authorization = `Bearer ${stage.apiKey}`;
    const load = Promise.all([
      stage.client.postBatch(
        many(150, () => letter()),
        { expects: 'dead' },
      ),
      stage.client.postBatch(many(150, (i) => (i % 2 === 0 ? hook(endpoint) : text()))),
    ]);
    const answers: { name: string; status: number; got: number | 'cut' }[] = [];
    for (const { name, status, headers, ...request } of HOSTILE) {
      const got = await statusOf(api.url, { ...request, headers: { authorization, ...headers } });
      answers.push({ name, status, got });
    }
    await load;
    // Who goes on sending what was refused by its size may find the line cut before the answer.
    const isRefused = (status: number, got: number | 'cut') =>
      got === status || (got === 'cut' && status === 413);
    expect(answers.filter(({ status, got }) => !isRefused(status, got))).toEqual([]);
    expectGreen(await stage.verdict({ alerts: ['dead_letters:harness.letter'] }));

    expect([api, worker].map(({ child }) => [child.exitCode, child.signalCode])).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(await stage.countByStatus()).toEqual({ dead: 150, delivered: 75, sent: 75 });
    expect(stage.providers.ledger.calls.filter(({ channel }) => channel === 'email')).toEqual([]);
    const dead = (await readDatabaseLedger(stage.pool)).filter(({ status }) => status === 'dead');
    expect(new Set(dead.flatMap((row) => row.attempts.map((one) => `${one.outcome} ${one.class}`)))).toEqual(
      new Set(['not_sent internal']),
    );
    expect(Math.max(...dead.map((row) => row.attempts.length))).toBe(2);
  });
});

/** A door that is busy is asked again: it says so to poison and to others alike. */
async function statusOf(origin: string, request: RawRequest): Promise<number | 'cut'> {
  for (;;) {
    const status = await exchange(origin, request).then(
      (answer) => answer.status,
      () => 'cut' as const,
    );
    if (status !== 503) return status;
  }
}
