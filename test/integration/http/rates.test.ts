import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';

/** Rates by the hour: within a test nothing comes back. */
describe('the rate of an API key', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ yaml: `${ALL_CHANNELS}\nlimits: { rate: 1000/h }` });
  });
  afterAll(() => app.stop());

  const keyWith = async (rate?: string): Promise<string> => {
    const { body } = await app
      .request('post', '/v1/admin/api-keys')
      .send({ name: 'test', scopes: ['send', 'read'], ...(rate ? { rate } : {}) })
      .expect(201);
    expect(body.rate).toBe(rate ?? null);
    return body.key as string;
  };
  const list = (key: string) => app.bare('get', '/v1/notifications').set('authorization', `Bearer ${key}`);
  const batch = (key: string, count: number) =>
    app
      .bare('post', '/v1/notifications/batch')
      .set('authorization', `Bearer ${key}`)
      .send({ notifications: Array.from({ length: count }, () => ({})) });

  it('answers 429 with the time to wait once it is used up, and says at each answer what is left', async () => {
    const key = await keyWith('3/h');
    for (const left of [2, 1, 0]) {
      const { headers } = await list(key).expect(200);
      expect(headers['ratelimit-policy']).toBe('"key";q=3;w=3600');
      expect(headers['ratelimit']).toMatch(new RegExp(`^"key";r=${left};t=\\d+$`));
    }
    const { body, headers } = await list(key).expect(429);
    expect(body).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(Number(headers['retry-after'])).toBeGreaterThan(1_000);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(1_200);
    expect(headers['ratelimit']).toMatch(/^"key";r=0;t=3600$/);
  });

  it('counts each item of a batch, and takes a batch whole or not at all', async () => {
    const key = await keyWith('10/h');
    const { headers } = await batch(key, 4).expect(200);
    expect(headers['ratelimit']).toContain('r=6;');
    await batch(key, 20).expect(200); // a debt of fourteen
    const { headers: after } = await batch(key, 1).expect(429);
    expect(Number(after['retry-after'])).toBeGreaterThan(14 * 360);
  });

  it('is the configuration’s where a key has none of its own, and one key’s is not another’s', async () => {
    const [own, other] = [await keyWith('1/h'), await keyWith()];
    await list(own).expect(200);
    await list(own).expect(429);
    const { headers } = await list(other).expect(200);
    expect(headers['ratelimit-policy']).toBe('"key";q=1000;w=3600');
  });

  it('asks strangers for a key first, and leaves what is open alone', async () => {
    const { headers } = await app.bare('get', '/v1/notifications').expect(401);
    expect(headers['ratelimit']).toBeUndefined();
    expect((await app.bare('get', '/health/live').expect(200)).headers['ratelimit']).toBeUndefined();
  });

  it.each(['0/s', '10', 'fast', '1/d', '-1/s', ''])('is no rate: %j', async (rate) => {
    const { body } = await app
      .request('post', '/v1/admin/api-keys')
      .send({ name: 'test', scopes: ['send'], rate })
      .expect(400);
    expect(body.errors[0].path).toBe('/rate');
  });
});
