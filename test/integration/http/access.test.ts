import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { OpenApi } from '../../../src/platform/http/open-api.js';
import { type Scope, SCOPES } from '../../../src/platform/auth/scopes.js';
import { createKey } from '../../support/api-keys.js';
import { startApp, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/wait-for.js';
import { exchange } from '../../support/raw-http.js';

interface Operation {
  security: object[];
  'x-scope'?: Scope;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

describe('who may call', () => {
  let app: TestApp;
  let routes: { method: string; path: string; scope: Scope | undefined }[];
  beforeAll(async () => {
    app = await startApp({ env: { SANDBOX: 'true' } }); // with the sandbox there are more routes
    const { body } = await app.bare('get', '/openapi.json').expect(200);
    routes = Object.entries((body as Document).paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{\w+\}/g, 'x'),
        scope: operation['x-scope'],
      })),
    );
  });
  afterAll(() => app.stop());

  const statusOf = async (method: string, path: string, key?: string): Promise<number> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await exchange(app.url, { method, path, headers })).status;
  };
  const list = (authorization: string | undefined) =>
    exchange(app.url, {
      method: 'GET',
      path: '/v1/notifications',
      headers: authorization === undefined ? {} : { authorization },
    });

  it('lists every route that is not a page in the document', () => {
    const hidden = app.posthaste.app
      .get(OpenApi)
      .operations()
      .filter(({ route }) => route.isHidden)
      .map(({ path }) => path);
    expect(hidden.filter((path) => !/^\/(docs|sandbox|templates)\b/.test(path))).toEqual([]);
    expect(routes.length).toBeGreaterThan(10);
  });

  it('asks every route that is not open for a key', async () => {
    for (const { method, path, scope } of routes) {
      const status = await statusOf(method, path);
      if (scope) expect([method, path, status]).toEqual([method, path, 401]);
      else expect([401, 403], `${method} ${path}`).not.toContain(status);
    }
  });

  it.each(SCOPES)('opens to the scope %s what is its own, and nothing else', async (scope) => {
    const key = await createKey(app.pool, [scope]);
    for (const route of routes.filter((one) => one.scope !== undefined)) {
      const status = await statusOf(route.method, route.path, key);
      const isOwn = scope === 'admin' || scope === route.scope;
      expect([route.method, route.path, status === 403]).toEqual([route.method, route.path, !isOwn]);
      expect(status, `${route.method} ${route.path}`).not.toBe(401);
      expect(status, `${route.method} ${route.path}`).toBeLessThan(500);
    }
  });

  it('says which scope is missing', async () => {
    const key = await createKey(app.pool, ['read', 'endpoints']);
    const answer = await exchange(app.url, {
      method: 'POST',
      path: '/v1/notifications',
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('`send`') as string,
    });
  });

  it('refuses every key that is not a live one, in the same words', async () => {
    const past = new Date(Date.now() - 1_000);
    const [id, secret] = app.apiKey.slice('ph_'.length).split('_', 2) as [string, string];
    const revoked = await createKey(app.pool, ['admin'], { revokedAt: past });
    const expired = await createKey(app.pool, ['admin'], { expiresAt: past });
    const answers = await Promise.all(
      [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        app.apiKey,
        `Token ${app.apiKey}`,
        `Bearer ${app.apiKey} extra`,
        `Bearer ${app.apiKey}x`,
        `Bearer ${app.apiKey.slice(0, -1)}`,
        `Bearer ph_${id}_${'a'.repeat(43)}`,
        `Bearer ph_nobody1_${secret}`,
        `Bearer ph_${id}'--_${secret}`,
        `Bearer ph_${id}_${'a'.repeat(5_000)}`,
        `Bearer ${revoked}`,
        `Bearer ${expired}`,
      ].map(list),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.text).toBe(answers[0]!.text);
      expect(answer.text).not.toContain(secret);
    }
    await app.request('get', '/v1/notifications').expect(200);
  });

  it('keeps only a hash of a secret, and notes when a key was used', async () => {
    const look = () =>
      app.pool.query<{ row: string; used: boolean }>(
        `SELECT api_keys::text AS row, last_used_at IS NOT NULL AS used FROM api_keys WHERE name = 'first key'`,
      );
    const { rows } = await look();
    expect(rows).toHaveLength(1);
    expect(rows[0]!.row).not.toContain(app.apiKey.replace(/^ph_[^_]+_/, ''));
    await waitFor(async () => (await look()).rows[0]!.used, { what: 'the note that the key was used' });
  });
});
