import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { OWN_EVENT_TYPES } from '../../../src/domain/event-type.js';
import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';
import { createEndpoint } from '../../support/many-subscribers.js';

const ORDER = {
  type: 'object',
  required: ['order_id', 'items'],
  additionalProperties: false,
  properties: {
    order_id: { type: 'string', maxLength: 20 },
    items: { type: 'array', maxItems: 3, items: { $ref: '#/$defs/item' } },
    note: { type: 'string', format: 'email' },
  },
  $defs: {
    item: { type: 'object', required: ['sku'], properties: { sku: { enum: ['secret-1', 'secret-2'] } } },
  },
  examples: [{ order_id: 'order-77', items: [{ sku: 'secret-1' }] }],
};
const GOOD = { order_id: 'order-77', items: [{ sku: 'secret-1' }] };
const BAD = { order_id: 7, items: [{ sku: 'their-own-words' }], extra: 1 };
const FAULTS = ['/data/extra', '/data/items/0/sku', '/data/order_id'];

const yaml = (schema: string): string => `${ALL_CHANNELS}
types:
  order.shipped: { description: An order left., schema: ${schema} }
  welcome: { schema: { type: object, required: [name], properties: { name: { type: string, maxLength: 9 } } } }
  order.lost: {}
`;

describe('types with a schema of their data', () => {
  let app: TestApp;
  let endpoint: string;
  const templates = mkdtempSync(join(tmpdir(), 'posthaste-schemas-'));
  const env = { TEMPLATES_DIR: templates };
  beforeAll(async () => {
    cpSync('templates', templates, { recursive: true });
    mkdirSync(join(templates, '_schemas'));
    writeFileSync(join(templates, '_schemas/order.json'), JSON.stringify(ORDER));
    app = await startApp({ yaml: yaml('order.json'), env });
    endpoint = await createEndpoint(app, { types: ['*'] });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(templates, { recursive: true });
  });

  const event = (businessId: string, data: object): Promise<Response> =>
    app.request('post', '/v1/events').send({ type: 'order.shipped', business_id: businessId, data });
  const pathsOf = ({ body }: Pick<Response, 'body'>): string[] =>
    (body.errors as { path: string }[]).map(({ path }) => path).sort();

  it('refuse an event that breaks it, name every path, repeat no value, and store nothing', async () => {
    const answer = await event('bad', BAD);
    expect([answer.status, answer.body.code]).toEqual([422, 'schema_mismatch']);
    expect(pathsOf(answer)).toEqual(FAULTS);
    expect(answer.text).not.toContain('their-own-words');
    const { rows } = await app.pool.query('SELECT FROM events');
    expect(rows).toHaveLength(0);
  });

  it('refuse a notification by any channel that breaks it, alone and in a batch', async () => {
    const hook = {
      type: 'order.shipped',
      recipient: 'a',
      business_id: '1',
      channel: 'webhook',
      to: endpoint,
    };
    const letter = { type: 'welcome', recipient: 'a@example.com', business_id: '1', channel: 'email' };
    const alone = await app.send({ ...hook, data: BAD });
    expect([alone.status, alone.body.code, pathsOf(alone)]).toEqual([422, 'schema_mismatch', FAULTS]);
    const long = await app.send({ ...letter, data: { name: 'Theophrastus' } });
    expect([long.status, pathsOf(long)]).toEqual([422, ['/data/name']]);
    const { body } = await app
      .request('post', '/v1/notifications/batch')
      .send({
        notifications: [
          { ...hook, data: BAD },
          { ...letter, data: { name: 'Ada' } },
          { ...hook, business_id: '2', data: GOOD },
        ],
      })
      .expect(200);
    expect(body.results.map((one: { http_status: number }) => one.http_status)).toEqual([422, 202, 202]);
  });

  it('answer a key that was accepted under another schema as before', async () => {
    const loose = yaml('{ type: object }');
    await app.restart({ yaml: loose, env });
    const accepted = await event('loose', BAD);
    expect(accepted.status).toBe(202);
    await app.restart({ yaml: yaml('order.json'), env });
    expect([(await event('loose', BAD)).status, (await event('strict', BAD)).status]).toEqual([200, 422]);
    const other = await event('loose', { ...BAD, extra: 2 });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict']);
  });

  it('are listed with what they look like, before those of the service itself', async () => {
    const { body } = await app.request('get', '/v1/event-types').expect(200);
    const names = body.items.map((item: { type: string }) => item.type);
    expect(names).toEqual(['order.lost', 'order.shipped', 'welcome', ...OWN_EVENT_TYPES]);
    expect(body.items[1]).toEqual({
      type: 'order.shipped',
      is_own: false,
      description: 'An order left.',
      schema: ORDER,
      example: GOOD,
    });
    expect(body.items[0]).toEqual({
      type: 'order.lost',
      is_own: false,
      description: null,
      schema: null,
      example: null,
    });
    expect(body.items.at(-1)).toMatchObject({
      is_own: true,
      description: expect.any(String),
      schema: { type: 'object' },
    });
  });

  it('appear in the OpenAPI document as what subscribers get', async () => {
    const { body } = await app.bare('get', '/openapi.json').expect(200);
    expect(Object.keys(body.webhooks)).toEqual([
      'order.lost',
      'order.shipped',
      'welcome',
      ...OWN_EVENT_TYPES,
    ]);
    const { schema, example } = body.webhooks['order.shipped'].post.requestBody.content['application/json'];
    expect(schema.properties.data).toEqual({ $id: 'urn:posthaste:type:order.shipped', ...ORDER });
    expect(example.data).toEqual(GOOD);
  });
});
