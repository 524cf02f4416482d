import { randomBytes } from 'node:crypto';

import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { rewrap } from '../../../src/apps/rewrap.js';
import { SEALED_COLUMNS } from '../../../src/apps/sealed-columns.js';
import { rewrapColumn } from '../../../src/platform/crypto/rewrap.js';
import { Sealer } from '../../../src/platform/crypto/sealer.js';
import { startApp, type TestApp } from '../../support/app.js';
import { endpointUuid, hooksFor, subscribe } from '../../support/subscribers.js';

const [OLD, NEW] = [randomBytes(32), randomBytes(32)];
const base64 = (key: Buffer): string => key.toString('base64');

describe('npm run rewrap', () => {
  let app: TestApp;
  let endpoint: { id: string; secret: string };
  let hooks: string[];
  beforeAll(async () => {
    app = await startApp({ env: { ENCRYPTION_KEY: base64(OLD) } });
    endpoint = await subscribe(app, { asymmetric: true, headers: { 'X-Team': 'billing' } });
    await app
      .request('post', `/v1/endpoints/${endpoint.id}/rotate-secret`)
      .set('idempotency-key', 'rotate')
      .send({})
      .expect(200);
    hooks = await hooksFor(app, endpoint.id, 450); // more than two steps
  });
  afterAll(() => app.stop());

  const sealedWith = async (key: Buffer): Promise<number> => {
    const counts = await Promise.all(
      SEALED_COLUMNS.map(async ({ table, column }) => {
        const { rows } = await app.pool.query<{ count: number }>(
          `SELECT count(*)::integer AS count FROM ${table} WHERE substring(${column} FROM 2 FOR 4) = $1`,
          [new Sealer(key).keyId],
        );
        return rows[0]!.count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('knows every column that is sealed: hashes and digests are named so, and nothing else is bytes', async () => {
    const { rows } = await app.pool.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'bytea' AND table_name NOT LIKE 'bullmq%'`,
    );
    const sealed = rows.map((row) => row.name).filter((name) => !/(_hash|_digest|\.fingerprint)$/.test(name));
    expect(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(sealed.sort());
  });

  it('refuses nothing and loses nothing while the service runs with both keys, then with the new one alone', async () => {
    const before = await sealedWith(OLD);
    expect(before).toBeGreaterThan(450);
    await app.restart({ env: { ENCRYPTION_KEY: base64(NEW), ENCRYPTION_KEY_PREVIOUS: base64(OLD) } });
    const lines: string[] = [];
    // Killed after one column: what it did stands, and the next run does the rest.
    await rewrapColumn(app.pool, new Sealer(NEW, OLD), SEALED_COLUMNS[0]!);
    expect(await rewrap(app.databaseUrl, new Sealer(NEW, OLD), (line) => lines.push(line))).toBe(0);
    expect(lines).toContain('notifications.payload: 450 sealed anew');
    expect(lines).toContain('installation.hash_key: 0 sealed anew');
    expect([await sealedWith(OLD), await sealedWith(NEW)]).toEqual([0, before]);
    await app.restart({ env: { ENCRYPTION_KEY: base64(NEW) } });
    const { body } = await app.request('get', `/v1/endpoints/${endpoint.id}`).expect(200);
    expect(body.headers).toEqual({ 'X-Team': 'billing' });
    const { body: secret } = await app.request('get', `/v1/endpoints/${endpoint.id}/secret`).expect(200);
    expect(secret.secret).toMatch(/^whsec_/);
    const { body: story } = await app.request('get', `/v1/notifications/${hooks[0]}`).expect(200);
    expect(story.to).toBe(endpoint.id);
    const { body: repeated } = await app
      .request('post', `/v1/endpoints/${endpoint.id}/rotate-secret`)
      .set('idempotency-key', 'rotate')
      .send({})
      .expect(200);
    expect(repeated.secret).toBe(secret.secret);
  });

  it('leaves a value alone that changed between its look and its write', async () => {
    const id = endpointUuid(endpoint.id);
    const seal = (secret: string): Buffer => new Sealer(OLD).seal(secret, id);
    const write = (secret: string) =>
      app.pool.query(`UPDATE endpoints SET secret = $2 WHERE id = $1`, [id, seal(secret)]);
    await write('whsec_before');
    const racing = {
      query: async (text: string, values: unknown[]) => {
        if (text.startsWith('UPDATE')) await write('whsec_meanwhile');
        return app.pool.query(text, values);
      },
    } as unknown as pg.Pool;
    const column = SEALED_COLUMNS.find(({ table, column }) => table === 'endpoints' && column === 'secret')!;
    expect(await rewrapColumn(racing, new Sealer(NEW, OLD), column)).toEqual({ rewrapped: 0, unreadable: 0 });
    const { rows } = await app.pool.query<{ secret: Buffer }>(`SELECT secret FROM endpoints WHERE id = $1`, [
      id,
    ]);
    expect(new Sealer(OLD).open(rows[0]!.secret, id).toString()).toBe('whsec_meanwhile');
  });

  it('names what neither key opens, and leaves it', async () => {
    const stranger = randomBytes(32);
    const id = endpointUuid(endpoint.id);
    await app.pool.query(`UPDATE endpoints SET secret = $2 WHERE id = $1`, [
      id,
      new Sealer(stranger).seal(endpoint.secret, id),
    ]);
    const lines: string[] = [];
    expect(await rewrap(app.databaseUrl, new Sealer(NEW, OLD), (line) => lines.push(line))).toBe(1);
    expect(lines).toContain('endpoints.secret: 0 sealed anew, 1 sealed with neither key');
    expect(await sealedWith(stranger)).toBe(1);
  });
});
