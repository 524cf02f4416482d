import { randomUUID } from 'node:crypto';

import { fromPublicId } from '../../src/domain/public-id.js';
import type { TestApp } from './app.js';

export interface Ending {
  status: 'dead' | 'in_doubt' | 'bounced' | 'sent' | 'delivered';
  provider?: string;
  class?: string;
  code?: string;
  /** Attempts, the first of which failed as `connect_refused`. */
  attempts?: number;
}

export const uuidOf = (publicId: string): string => fromPublicId('notification', publicId)!;

/** Brings what is accepted to its end as a worker would have: outbox row gone, attempts written, `undelivered` told. */
export async function settle(app: TestApp, publicIds: readonly string[], ending: Ending): Promise<void> {
  const isLost = ['dead', 'in_doubt', 'bounced'].includes(ending.status);
  const { provider = 'mail', class: errorClass = 'permanent', code = 'smtp_550', attempts = 2 } = ending;
  const ids = publicIds.map(uuidOf);
  await app.pool.query(
    `WITH gone AS (
       DELETE FROM outbox WHERE notification_id = ANY ($1::uuid[]) RETURNING notification_id
     ), settled AS (
       UPDATE notifications SET status = $2, provider = $3, attempts = $6, tries = $6, dispatch = $6
        WHERE id IN (SELECT notification_id FROM gone)
       RETURNING id, type, channel
     ), tried AS (
       INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, finished_at, outcome, class, code,
                             detail, duration_ms)
       SELECT id, number, number, $7, $3, now(),
              CASE WHEN number < $6 THEN 'not_sent' ELSE $8 END,
              CASE WHEN number < $6 THEN 'network' ELSE $4 END,
              CASE WHEN number < $6 THEN 'connect_refused' ELSE $5 END, 'as told', 3
         FROM settled, generate_series(1, $6::integer) AS number
     ), free AS (
       DELETE FROM ordered WHERE $2 <> 'in_doubt' AND notification_id IN (SELECT id FROM settled)
     )
     INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, detail)
     SELECT id, $2, type, channel, $3, $4, $5, 'as told' FROM settled WHERE $9`,
    [
      ids,
      ending.status,
      provider,
      errorClass,
      code,
      attempts,
      randomUUID(),
      { dead: 'rejected', in_doubt: 'in_doubt', bounced: 'taken', sent: 'taken', delivered: 'taken' }[
        ending.status
      ],
      isLost,
    ],
  );
}

/** Accepts letters, `count` at once. */
export async function letters(
  app: TestApp,
  count: number,
  more: (index: number) => object = () => ({}),
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += 1_000) {
    const notifications = Array.from({ length: Math.min(1_000, count - from) }, (_, i) => ({
      type: 'welcome',
      recipient: 'ada@example.com',
      business_id: randomUUID(),
      channel: 'email',
      data: { name: 'Ada' },
      ...more(from + i),
    }));
    const { body } = await app.request('post', '/v1/notifications/batch').send({ notifications });
    ids.push(...(body.results as { id: string }[]).map((one) => one.id));
  }
  return ids;
}

export interface OutboxRow {
  kind: string;
  provider: string | null;
  dispatch: number;
  ordering_seq: string | null;
  available_at: Date;
  overdue_at: Date;
  published_at: Date | null;
}

export async function outboxOf(app: TestApp, publicId: string): Promise<OutboxRow | undefined> {
  const { rows } = await app.pool.query<OutboxRow>(`SELECT * FROM outbox WHERE notification_id = $1`, [
    uuidOf(publicId),
  ]);
  return rows[0];
}
