import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

describe('a newcomer in the sandbox', () => {
  let service: TestService;
  let url: string;

  beforeAll(async () => {
    service = await TestService.create({ backend: 'postgresql', yaml: '', env: { SANDBOX: 'true' } });
    ({ url } = await service.start());
  });

  afterAll(() => service.stop());

  const invoice = (businessId: string, total = '12.00 EUR') => ({
    type: 'invoice.issued',
    channel: 'email',
    recipient: 'ada@example.com',
    business_id: businessId,
    data: { name: 'Ada', total },
  });
  const post = (body: object) => service.request('POST', '/v1/notifications', body);
  const arrivals = async (id: string): Promise<number> => {
    const { body } = await service.request('GET', '/v1/sandbox/messages?channel=email&limit=200');
    return body.items.filter((item: { notification_id: string }) => item.notification_id === id).length;
  };
  const isSent = (id: string) =>
    waitFor(async () => (await service.request('GET', `/v1/notifications/${id}`)).body.status === 'sent', {
      what: id,
    });

  it('answers one key 202, 200 and 409, and delivers it once', async () => {
    const first = await post(invoice('inv-1001'));
    expect(first).toEqual({
      status: 202,
      body: { id: expect.any(String), status: 'accepted', duplicate: false },
    });
    const { id } = first.body;
    await isSent(id);
    expect(await post(invoice('inv-1001'))).toEqual({
      status: 200,
      body: { id, status: 'sent', duplicate: true },
    });
    expect(await post(invoice('inv-1001', '13.00 EUR'))).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict', id, fields: ['data'] },
    });
    expect(await arrivals(id)).toBe(1);
  });

  it('takes a hundred identical requests at once as one', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(invoice('inv-1002'))));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    await isSent([...ids][0]);
    expect(await arrivals([...ids][0])).toBe(1);
  });

  it('is shown every kind of story by npm run demo', async () => {
    const env = { PATH: process.env['PATH'], POSTHASTE_URL: url, POSTHASTE_API_KEY: service.apiKey };
    const { stdout } = await run(process.execPath, ['bin/demo.mjs'], { cwd: ROOT, env });
    const ends = [...stdout.matchAll(/·{3,} (.*)$/gm)].map(([, end]) => end);
    expect(ends).toEqual([
      'sent',
      'sent',
      'sent',
      'delivered',
      'cancelled',
      'delivered',
      'in_doubt',
      'arrived 1 ×',
    ]);
    expect(stdout.match(/attempt \d+ +webhooks +deferred +http_503/g)).toHaveLength(2);
    expect(stdout).toContain('409');
  });
});

describe('npm run demo', () => {
  it('sends nothing where real providers are configured', async () => {
    const service = await TestService.create({ backend: 'postgresql' });
    try {
      const { url } = await service.start('api');
      const env = { PATH: process.env['PATH'], POSTHASTE_URL: url, POSTHASTE_API_KEY: service.apiKey };
      await expect(run(process.execPath, ['bin/demo.mjs'], { cwd: ROOT, env })).rejects.toMatchObject({
        stderr: expect.stringContaining('is no Posthaste sandbox'),
      });
      expect(await service.countByStatus()).toEqual({});
    } finally {
      await service.stop();
    }
  });
});
