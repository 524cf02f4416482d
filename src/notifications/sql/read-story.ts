import type { Pool, PoolClient } from 'pg';

import type { Calling, Story, StoredAttempt, StoredNotification, StoredReceipt, Waiting } from '../story.js';

export const NOTIFICATION_COLUMNS = `n.id, n.type, n.recipient, n.business_id AS "businessId", n.channel, n.lane, n.status,
  n.provider, n.provider_message_id AS "providerMessageId", n.event_id AS "eventId", n.payload, n.reason, n.attempts, n.tries,
  n.created_at AS "createdAt", n.updated_at AS "updatedAt", n.send_at AS "sendAt", n.expires_at AS "expiresAt",
  n.deadline_at AS "deadlineAt", n.erased_at AS "erasedAt", n.traceparent`;

const READ_WAITING = `
  SELECT o.is_retry AS "isRetry", o.available_at AS "availableAt", o.available_at <= clock_timestamp() AS "isDue",
         o.reason, o.provider AS "pinnedProvider", o.endpoint_id AS "endpointId", o.published_at AS "publishedAt", o.queue,
         (SELECT ahead.notification_id
            FROM ordered mine JOIN ordered ahead USING (ordering_key)
           WHERE mine.notification_id = o.notification_id AND ahead.seq < mine.seq
           ORDER BY ahead.seq LIMIT 1) AS behind,
         (SELECT (extract(epoch FROM clock_timestamp() - max(renewed_at)) * 1000)::float8
            FROM processes WHERE 'relay' = ANY (roles)) AS "relaySilentMs",
         (SELECT (extract(epoch FROM clock_timestamp() - max(renewed_at)) * 1000)::float8
            FROM processes WHERE 'worker' = ANY (roles)) AS "workerSilentMs",
         (SELECT count(*)::integer
            FROM (SELECT FROM outbox p
                   WHERE p.published_at IS NOT NULL AND p.endpoint_id = o.endpoint_id LIMIT 1000) hints) AS "endpointOut",
         (SELECT e.concurrency FROM endpoints e WHERE e.id = o.endpoint_id) AS "endpointConcurrency"
    FROM outbox o WHERE o.notification_id = $1`;

const READ_CALLING = `
  SELECT a.number, a.provider, a.started_at AS since,
         CASE WHEN p.id IS NOT NULL THEN
           json_build_object('host', p.host, 'pid', p.pid, 'renewedMs', extract(epoch FROM p.renewed_at) * 1000,
                             'silentMs', extract(epoch FROM clock_timestamp() - p.renewed_at) * 1000) END AS worker
    FROM attempts a LEFT JOIN processes p ON p.id = a.worker_id
   WHERE a.notification_id = $1 AND a.outcome IS NULL
   ORDER BY a.number DESC LIMIT 1`;

interface CallingRow extends Omit<Calling, 'worker'> {
  worker: { host: string; pid: number; renewedMs: number; silentMs: number } | null;
}

async function readCalling(client: PoolClient, id: string): Promise<Calling | undefined> {
  const { rows } = await client.query<CallingRow>(READ_CALLING, [id]);
  return (
    rows[0] && {
      ...rows[0],
      worker: rows[0].worker && { ...rows[0].worker, renewedAt: new Date(rows[0].worker.renewedMs) },
    }
  );
}

/** The whole story of one, or undefined. Small statements in a snapshot of their own, so that they agree. */
export async function readStory(pool: Pool, id: string): Promise<Story | undefined> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const found = await client.query<StoredNotification>(
      `SELECT ${NOTIFICATION_COLUMNS} FROM notifications n WHERE n.id = $1`,
      [id],
    );
    const attempts = await client.query<StoredAttempt>(
      `SELECT number, provider, started_at AS "startedAt", outcome, class, code, detail, duration_ms AS "durationMs",
              asked_at AS "askedAt", answer
         FROM attempts WHERE notification_id = $1 ORDER BY number`,
      [id],
    );
    const receipts = await client.query<StoredReceipt>(
      `SELECT kind, provider, code, class, at, received_at AS "receivedAt"
         FROM receipts WHERE notification_id = $1 ORDER BY id`,
      [id],
    );
    const waiting = await client.query<Waiting>(READ_WAITING, [id]);
    const undelivered = await client.query<NonNullable<Story['undelivered']>>(
      `SELECT since, class, code, detail, ask_at AS "askAt" FROM undelivered WHERE notification_id = $1`,
      [id],
    );
    const notification = found.rows[0];
    const calling = notification?.status === 'sending' ? await readCalling(client, id) : undefined;
    await client.query('COMMIT');
    client.release();
    return (
      notification && {
        notification,
        attempts: attempts.rows,
        receipts: receipts.rows,
        waiting: waiting.rows[0],
        calling,
        undelivered: undelivered.rows[0],
      }
    );
  } catch (error) {
    client.release(true);
    throw error;
  }
}
