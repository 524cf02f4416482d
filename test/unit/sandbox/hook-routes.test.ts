import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookCatcher } from '../../../src/sandbox/hook-catcher.js';
import { hookRoutes } from '../../../src/sandbox/hook-routes.js';
import { FaultsInMemory, KeptInMemory } from './in-memory.js';

describe('POST /sandbox/hooks/{name}', () => {
  const kept = new KeptInMemory();
  const faults = new FaultsInMemory();
  let fastify: FastifyInstance;
  let url: string;

  beforeEach(async () => {
    kept.arrivals.length = 0;
    faults.next.length = 0;
    fastify = Fastify({ forceCloseConnections: true });
    await fastify.register(hookRoutes(new HookCatcher(kept, faults, async () => [])));
    url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => fastify.close());

  const post = (name: string, body: string, more: RequestInit = {}) =>
    fetch(`${url}/sandbox/hooks/${name}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'webhook-id': 'x' },
      ...more,
    });

  it('keeps the bytes as they came, whatever they are', async () => {
    const body = '{ "a":1.0,\n\t"a":1e2, "deep":' + '['.repeat(500) + ']'.repeat(500) + '}';
    expect((await post('demo', body)).status).toBe(200);
    expect(
      (await post('demo', 'not json', { headers: { 'content-type': 'application/x-odd' } })).status,
    ).toBe(200);
    expect(kept.arrivals.map((one) => one.raw)).toEqual([body, 'not json']);
    expect(kept.arrivals[0]).toMatchObject({
      to: 'demo',
      parsed: { url: `${url}/sandbox/hooks/demo`, signature: 'missing' },
    });
    expect(kept.arrivals[0]!.headers).toContainEqual(['webhook-id', 'x']);
  });

  it('refuses a name that is none, and a body past the API’s limit', async () => {
    expect((await post('..%2fetc', '{}')).status).toBe(404);
    expect((await post('x'.repeat(65), '{}')).status).toBe(404);
    expect((await post('demo', 'x'.repeat(300_000))).status).toBe(413);
    expect(kept.arrivals).toEqual([]);
  });

  it('acts faults out on the wire', async () => {
    faults.next.push('throttle', 'hang', 'drop_after_body');
    const throttled = await post('demo', '{}');
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '5']);
    await expect(post('demo', '{}', { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(kept.arrivals).toEqual([]);
    await expect(post('demo', '{}')).rejects.toThrow('fetch failed');
    expect(kept.arrivals).toMatchObject([{ fault: 'drop_after_body' }]);
  });

  it('lets a hang go when the server closes', async () => {
    faults.next.push('hang');
    const call = post('demo', '{}').catch((error: unknown) => error);
    await expect.poll(() => faults.next.length).toBe(0);
    await fastify.close();
    expect(await call).toBeInstanceOf(TypeError);
  });
});
