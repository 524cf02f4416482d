import { randomUUID } from 'node:crypto';

import { fromPublicId } from '../../src/domain/public-id.js';
import type { TestApp } from './app.js';

export const endpointUuid = (publicId: string): string => fromPublicId('endpoint', publicId)!;

/** A subscriber's endpoint, as its owner would register it. */
export async function subscribe(app: TestApp, more: object = {}): Promise<{ id: string; secret: string }> {
  const { body } = await app
    .request('post', '/v1/endpoints')
    .send({ url: 'https://hooks.example.com/in', types: ['order.*'], ...more })
    .expect(201);
  return body as { id: string; secret: string };
}

/** Accepts webhooks for an endpoint; answers their ids. */
export async function hooksFor(app: TestApp, endpointId: string, count: number): Promise<string[]> {
  const notifications = Array.from({ length: count }, () => ({
    type: 'order.shipped',
    recipient: 'acct-7',
    business_id: randomUUID(),
    channel: 'webhook',
    to: endpointId,
  }));
  const { body } = await app.request('post', '/v1/notifications/batch').send({ notifications }).expect(200);
  return (body.results as { id: string }[]).map((one) => one.id);
}

/** Attempts at an endpoint that were made so long ago, each with its outcome; every one of a notification of its own. */
export async function attempted(
  app: TestApp,
  endpointId: string,
  attempts: readonly { ago: string; outcome: 'taken' | 'deferred' | null; code?: string }[],
): Promise<string[]> {
  const ids = await hooksFor(app, endpointId, attempts.length);
  for (const [at, { ago, outcome, code }] of attempts.entries()) {
    await app.pool.query(
      `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, endpoint_id, started_at, finished_at,
                             outcome, code, detail)
       VALUES ($1, 1, 1, $2, 'webhooks', $3, now() - $4::interval, CASE WHEN $5::text IS NULL THEN NULL ELSE now() END, $5,
               $6, 'as told')`,
      [
        fromPublicId('notification', ids[at]!),
        randomUUID(),
        endpointUuid(endpointId),
        ago,
        outcome,
        code ?? (outcome === 'taken' ? 'http_204' : 'http_503'),
      ],
    );
  }
  return ids;
}
