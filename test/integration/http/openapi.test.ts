import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';
import type { Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createKey } from '../../support/api-keys.js';
import { startApp, type TestApp } from '../../support/app.js';
import { letters, settle } from '../../support/settled.js';
import { waitFor } from '../../support/wait-for.js';
import { faultsOfDocument, OpenApiContract, type OpenApiDocument } from '../../support/open-api-contract.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const LETTER = { type: 'welcome', recipient: 'ada@example.com', channel: 'email', data: { name: 'Ada' } };
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

describe('the OpenAPI document', () => {
  let app: TestApp;
  let document: OpenApiDocument;
  let contract: OpenApiContract;
  beforeAll(async () => {
    app = await startApp({ env: { SANDBOX: 'true' } });
    document = (await app.bare('get', '/openapi.json').expect(200)).body as OpenApiDocument;
    contract = new OpenApiContract(document);
  });
  afterAll(() => app.stop());

  const operations = (): { method: Method; path: string; isOpen: boolean; hasBody: boolean }[] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method as Method,
        path,
        isOpen: (operation as unknown as { security: object[] }).security.length === 0,
        hasBody: 'requestBody' in operation,
      })),
    );

  /** Asks, and holds the answer to what the document foretells for it. */
  async function ask(
    method: Method,
    path: string,
    options: { id?: string; query?: object; body?: object; status: number; key?: string | null },
  ): Promise<Response> {
    const url = path.replace(/\{\w+\}/, options.id ?? 'x').replace(/\{\w+\}/g, 'x');
    let request = app.bare(method, url).query(options.query ?? {});
    if (options.key !== null) request = request.set('authorization', `Bearer ${options.key ?? app.apiKey}`);
    const response = await (options.body === undefined ? request : request.send(options.body));
    expect([method, url, response.status, response.text.slice(0, 500)]).toEqual([
      method,
      url,
      options.status,
      expect.anything(),
    ]);
    const contentType = response.headers['content-type'];
    const body: unknown = /json/.test(contentType ?? '') ? JSON.parse(response.text) : response.text;
    expect(
      contract.faultsOf(method, path, { status: response.status, contentType, body }),
      `${method} ${url} ${response.status}`,
    ).toEqual([]);
    return response;
  }

  it('is valid OpenAPI 3.1, and its schemas are JSON Schema', () => {
    expect(document['openapi']).toBe('3.1.0');
    expect(faultsOfDocument(document)).toEqual([]);
  });

  it('names every operation once, and every parameter of its path', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods) as unknown as {
        parameters: { name: string; in: string }[];
      }[]) {
        const named = operation.parameters.filter((one) => one.in === 'path').map((one) => one.name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      }
    }
  });

  it('foretells how every route refuses strangers, keys without the scope, and bodies that do not fit', async () => {
    const none = await createKey(app.pool, ['send']);
    for (const { method, path, isOpen, hasBody } of operations()) {
      if (isOpen) continue;
      await ask(method, path, { status: 401, key: null });
      const scope = (document.paths[path]![method] as unknown as { 'x-scope': string })['x-scope'];
      if (scope !== 'send') await ask(method, path, { status: 403, key: none });
      if (hasBody) {
        await ask(method, path, { status: 400, body: { what: 'is this' } });
        await ask(method, path, { status: 400, body: [] });
      }
    }
  });

  it('foretells what the door answers', async () => {
    const path = '/v1/notifications';
    const send = (status: number, body: object) => ask('post', path, { status, body });
    const first = await send(202, { ...LETTER, business_id: 'one', metadata: { team: 'billing' } });
    await send(200, { ...LETTER, business_id: 'one' });
    await send(409, { ...LETTER, business_id: 'one', lane: 'bulk' });
    await send(202, {
      ...LETTER,
      type: 'otp.code',
      business_id: 'two',
      channel: 'sms',
      to: '+4917012345678',
      data: { code: '1234' },
    });
    await send(400, {});
    await send(413, { ...LETTER, business_id: 'three', data: { name: 'a'.repeat(70_000) } });
    await send(422, { ...LETTER, business_id: 'four', template: 'not.there' });
    await send(422, { ...LETTER, business_id: 'five', data: {} });
    const batch = await ask('post', `${path}/batch`, {
      status: 200,
      body: {
        notifications: [
          { ...LETTER, business_id: 'six' },
          { ...LETTER, business_id: 'one' },
          { ...LETTER, business_id: 'one', to: 'b@example.com' },
          {},
        ],
      },
    });
    expect(batch.body.results.map((one: { http_status: number }) => one.http_status)).toEqual([
      202, 200, 409, 400,
    ]);
    const later = await send(202, {
      ...LETTER,
      business_id: 'later',
      send_at: '2100-01-01T00:00:00Z',
      ordering_key: 'k',
      expires_in: '1h',
    });
    for (const { body } of [first, later]) {
      await ask('get', `${path}/{id}`, { id: body.id, status: 200 });
      await ask('post', `${path}/{id}/cancel`, { id: body.id, status: 200 });
      await ask('get', `${path}/{id}`, { id: body.id, status: 200 });
    }
    await ask('get', `${path}/{id}`, { id: 'ntf_x', status: 404 });
    await ask('post', `${path}/{id}/cancel`, { id: 'ntf_x', status: 404 });
    await ask('get', path, { status: 200, query: { limit: 2 } });
    await ask('get', path, { status: 200, query: { status: 'cancelled', type: 'welcome' } });
    await ask('get', path, { status: 400, query: { limit: 0, nonsense: 1 } });
  });

  it('foretells what subscribers get', async () => {
    const path = '/v1/endpoints';
    const body = {
      uid: 'shop',
      url: 'https://hooks.example.com/in',
      types: ['*'],
      headers: { 'x-team': 'a' },
      timeout: '5s',
      rate_limit: '5/s',
      description: 'd',
      recipient: 'acme',
    };
    const { body: created } = await ask('post', path, { status: 201, body });
    await ask('post', path, { status: 409, body });
    await ask('post', path, { status: 400, body: { ...body, url: 'https://10.0.0.1/', uid: 'other' } });
    await ask('post', path, {
      status: 201,
      body: { url: 'https://hooks.example.com/', types: ['invoice.*'] },
    });
    await ask('get', path, { status: 200, query: { limit: 1 } });
    await ask('get', path, { status: 400, query: { limit: 0 } });
    await ask('get', path, { status: 400, query: { cursor: 'x' } });
    await ask('get', `${path}/{id}`, { id: created.id, status: 200 });
    const secret = await ask('get', `${path}/{id}/secret`, { id: created.id, status: 200 });
    expect(secret.body.secret).toBe(created.secret);
    const { id } = created;
    const since = '2026-01-01T00:00:00Z';
    await ask('patch', `${path}/{id}`, { id, status: 200, body: { asymmetric: true, concurrency: 2 } });
    await ask('patch', `${path}/{id}`, { id, status: 400, body: { colour: 'red' } });
    await ask('post', `${path}/{id}/rotate-secret`, { id, status: 200, body: { overlap: '1h' } });
    await ask('post', `${path}/{id}/rotate-secret`, { id, status: 400, body: { overlap: '8d' } });
    await ask('post', `${path}/{id}/test`, { id, status: 202 });
    await ask('post', `${path}/{id}/recover`, { id, status: 202, body: { since } });
    await ask('post', `${path}/{id}/recover`, { id, status: 400, body: {} });
    await ask('get', `${path}/{id}/attempts`, { id, status: 200, query: { status: 'failed' } });
    await ask('get', `${path}/{id}/attempts`, { id, status: 400, query: { cursor: 'x' } });
    await ask('get', `${path}/{id}/health`, { id, status: 200 });
    await ask('patch', `${path}/{id}`, { id, status: 200, body: { enabled: false } });
    await ask('post', `${path}/{id}/test`, { id, status: 409 });
    await ask('get', `${path}/{id}/health`, { id, status: 200 });
    await ask('post', `${path}/{id}/enable`, { id, status: 200 });
    await ask('delete', `${path}/{id}`, { id, status: 204 });
    for (const [method, rest, body] of [
      ['get', ''],
      ['get', '/secret'],
      ['get', '/attempts'],
      ['get', '/health'],
      ['patch', '', {}],
      ['post', '/rotate-secret', {}],
      ['post', '/test'],
      ['post', '/recover', { since }],
      ['post', '/enable'],
      ['delete', ''],
    ] as const) {
      await ask(method, `${path}/{id}${rest}`, { id, status: 404, ...(body ? { body } : {}) });
    }
  });

  it('foretells what becomes of events', async () => {
    const path = '/v1/events';
    const body = { type: 'order.shipped', business_id: 'order-77', recipient: 'acme', data: { order: 77 } };
    const { body: accepted } = await ask('post', path, { status: 202, body });
    await ask('post', path, { status: 200, body });
    await ask('post', path, { status: 409, body: { ...body, data: {} } });
    await ask('post', path, { status: 413, body: { ...body, data: { name: 'a'.repeat(70_000) } } });
    await ask('post', path, { status: 400, body: { ...body, type: 'posthaste.alert.raised' } });
    await ask('get', `${path}/{id}`, { id: accepted.id, status: 200 });
    await ask('get', `${path}/{id}`, { id: 'evt_x', status: 404 });
    await ask('get', '/v1/notifications', { status: 200, query: { event_id: accepted.id } });
    await ask('get', '/v1/event-types', { status: 200 });
  });

  it('foretells what operators and the sandbox see', async () => {
    await ask('get', '/health/live', { status: 200, key: null });
    await ask('get', '/health/ready', { status: 200, key: null });
    await ask('get', '/metrics', { status: 200, key: null });
    await ask('get', '/openapi.json', { status: 200, key: null });
    await ask('get', '/v1/sandbox/messages', { status: 200 });
    await ask('post', '/v1/sandbox/faults', {
      status: 201,
      body: { channel: 'email', fault: 'reject', times: 1 },
    });
    await ask('get', '/v1/sandbox/faults', { status: 200 });
    await ask('delete', '/v1/sandbox/faults', { status: 204 });
    await ask('delete', '/v1/sandbox/messages', { status: 204 });
  });

  it('foretells what operators decide', async () => {
    const [notifications, redrives] = ['/v1/admin/notifications/{id}', '/v1/admin/redrives'];
    const [dead, doubtful, waiting, discarded] = await letters(app, 4);
    await settle(app, [dead!, discarded!], { status: 'dead' });
    await settle(app, [doubtful!], { status: 'in_doubt' });
    const [verdict, reason] = [{ as: 'sent', reason: 'asked them' }, { reason: 'no use' }];
    await ask('get', '/v1/admin/dead-letters', { status: 200, query: { limit: 1, type: 'welcome' } });
    await ask('get', '/v1/admin/dead-letters', { status: 400, query: { cursor: 'x' } });
    await ask('get', '/v1/admin/dead-letters/groups', { status: 200, query: { channel: 'email' } });
    await ask('post', '/v1/admin/dead-letters/{id}/discard', { id: discarded!, status: 200, body: reason });
    await ask('post', '/v1/admin/dead-letters/{id}/discard', { id: waiting!, status: 409, body: reason });
    await ask('post', '/v1/admin/dead-letters/{id}/discard', { id: 'x', status: 404, body: reason });

    const body = { name: 'after the outage', filter: { type: 'welcome' } };
    await ask('post', redrives, { status: 202, body: { ...body, dry_run: true } });
    const { body: started } = await ask('post', redrives, { status: 202, body });
    await ask('post', redrives, { status: 200, body });
    await ask('post', redrives, { status: 409, body: { ...body, filter: {} } });
    await ask('get', `${redrives}/{id}`, { id: started.id, status: 200 });
    await ask('get', `${redrives}/{id}`, { id: 'x', status: 404 });
    await ask('post', `${redrives}/{id}/cancel`, { id: started.id, status: 200 });
    await ask('post', `${redrives}/{id}/cancel`, { id: 'x', status: 404 });
    const { body: empty } = await ask('post', redrives, {
      status: 202,
      body: { name: 'nothing', filter: { type: 'nothing' } },
    });
    await ask('post', `${redrives}/{id}/cancel`, { id: empty.id, status: 409, body: reason });

    await ask('post', `${notifications}/retry`, { id: dead!, status: 200 });
    await ask('post', `${notifications}/retry`, { id: waiting!, status: 200, body: reason });
    await ask('post', `${notifications}/retry`, { id: doubtful!, status: 409 });
    await ask('post', `${notifications}/retry`, { id: 'x', status: 404 });
    await ask('post', `${notifications}/resolve`, { id: doubtful!, status: 200, body: verdict });
    await ask('post', `${notifications}/resolve`, { id: waiting!, status: 409, body: verdict });
    await ask('post', `${notifications}/resolve`, { id: 'x', status: 404, body: verdict });
    await ask('get', '/v1/admin/audit', { status: 200, query: { target: started.id } });
    await ask('get', '/v1/admin/audit', { status: 400, query: { cursor: 'x' } });
  });

  it('foretells the suppression list and the page that adds to it', async () => {
    const path = '/v1/suppressions';
    const item = { channel: 'email', address: 'listed@example.com' };
    const { body } = await ask('post', path, { status: 201, body: item });
    await ask('post', path, { status: 400 });
    await ask('get', path, { status: 200, query: { channel: 'email' } });
    await ask('get', path, { status: 400, query: { address: 'listed@example.com' } });
    await ask('get', `${path}/export`, { status: 200 });
    await ask('delete', `${path}/{id}`, { id: body.ids[0], status: 204 });
    await ask('delete', `${path}/{id}`, { id: body.ids[0], status: 404 });
    const complaint = await ask('post', path, { status: 201, body: { ...item, reason: 'complaint' } });
    await ask('delete', `${path}/{id}`, { id: complaint.body.ids[0], status: 409 });
    await ask('get', '/v1/unsubscribe/{token}', { status: 404, key: null });
    await ask('post', '/v1/unsubscribe/{token}', { status: 404, key: null });
  });

  it('foretells how callbacks are refused', async () => {
    const path = '/v1/callbacks/{provider}';
    await ask('post', path, { id: 'nobody', status: 404, key: null, body: {} });
  });

  it('foretells what operators see of the whole, hold, and let go', async () => {
    await app.pool.query(
      `INSERT INTO gates (kind, key, held_by, held_until) VALUES ('provider', 'sandbox-email', 'configuration', now() + interval '1 hour')`,
    );
    const [provider, queue] = ['/v1/admin/providers/{name}', '/v1/admin/queues/{name}'];
    await ask('get', '/v1/admin/providers', { status: 200 });
    await ask('get', '/v1/admin/queues', { status: 200 });
    for (const verb of ['pause', 'resume']) {
      await ask('post', `${provider}/${verb}`, { id: 'sandbox-email', status: 200 });
      await ask('post', `${provider}/${verb}`, { id: 'x', status: 404 });
      await ask('post', `${queue}/${verb}`, { id: 'sandbox-email.bulk', status: 200 });
      await ask('post', `${queue}/${verb}`, { id: 'x', status: 404 });
    }
    for (const state of ['open', 'closed'])
      await ask('post', `${provider}/breaker`, { id: 'sandbox-sms', status: 200, body: { state } });
    await ask('post', `${provider}/breaker`, { id: 'x', status: 404, body: { state: 'open' } });
    await ask('post', `${provider}/breaker`, { id: 'sandbox-sms', status: 400, body: { state: 'ajar' } });
    const alerts = await waitFor(
      async () => {
        const { body } = await ask('get', '/v1/admin/alerts', { status: 200, query: { state: 'open' } });
        return body.items.length > 0 ? body.items : undefined;
      },
      { what: 'an alert' },
    );
    await ask('get', '/v1/admin/overview', { status: 200 });
    await ask('get', '/v1/admin/alerts', { status: 200, query: { cursor: alerts[0].id, limit: 1 } });
    await ask('get', '/v1/admin/alerts', { status: 400, query: { cursor: 'x' } });
    await ask('post', '/v1/admin/alerts/{id}/acknowledge', { id: alerts[0].id, status: 200 });
    await ask('post', '/v1/admin/alerts/{id}/acknowledge', { id: 'x', status: 404 });
  });

  it('was asked about every operation it has', () => {
    const asked = new Set([...contract.seen].map((one) => one.replace(/ \d+$/, '')));
    expect(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .filter((one) => !asked.has(one)),
    ).toEqual([]);
  });

  it.skipIf(!existsSync(CHROMIUM) && process.env['CI'] !== 'true')(
    'is shown at /docs without an error and without a stranger',
    async () => {
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      });
      try {
        const page = await browser.newPage();
        const [thrown, strangers]: string[][] = [[], []];
        page.on('pageerror', (error) => thrown!.push(error.message));
        page.on('console', (line) => line.type() === 'error' && thrown!.push(line.text()));
        page.on('request', (request) => {
          if (!request.url().startsWith(app.url) && !request.url().startsWith('data:'))
            strangers!.push(request.url());
        });
        await page.goto(`${app.url}/docs`);
        await page.getByText('Accept a notification for delivery').waitFor();
        await page.getByText('Accept a notification for delivery').click();
        await page.getByText('Accepted now, and durable').waitFor();
        expect(thrown).toEqual([]);
        expect(strangers).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
