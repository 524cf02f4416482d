import { randomBytes } from 'node:crypto';

import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';

import { isUndelivered, isWaiting, type Status } from '../../src/domain/status.js';

const DAY_MS = 86_400_000;
export const daysMs = (days: number): number => days * DAY_MS;

export interface Aged {
  /** Accepted so many days ago; its id says so. */
  acceptedDaysAgo: number;
  /** Default: as long ago as it was accepted. */
  endedDaysAgo?: number;
  status?: Status;
  recipient?: string;
  recipientKey?: string;
  channel?: 'email' | 'sms' | 'webhook';
  eventId?: string;
  addressHash?: string;
}

/** A notification as it is on record after all these days, with an attempt if it was ever called. Answers its id. */
export async function aged(db: Pool, one: Aged): Promise<string> {
  const { acceptedDaysAgo, endedDaysAgo = acceptedDaysAgo, status = 'sent', channel = 'email' } = one;
  const id = uuidv7({ msecs: Date.now() - daysMs(acceptedDaysAgo) });
  const endpoint = channel === 'webhook' ? uuidv7() : null;
  await db.query(
    `INSERT INTO notifications (id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane, template,
                                payload, event_id, endpoint_id, status, worker_id, attempts, provider, provider_message_id,
                                address_hash, created_at, updated_at, deadline_at, send_at)
     VALUES ($1::uuid, $2, '\\x00', 'invoice.issued', $3, 'b', $4, $5, 'transactional', 'invoice.issued', '\\x01', $6, $7, $8, $9, 1,
             'mail', $1::uuid::text, decode($10, 'hex'), now() - $11 * interval '1 ms', now() - $12 * interval '1 ms',
             now() + interval '1 day', now())`,
    [
      id,
      randomBytes(16),
      one.recipient ?? 'ada@example.com',
      one.recipientKey ?? '1',
      channel,
      one.eventId ?? null,
      endpoint,
      status,
      status === 'sending' ? uuidv7() : null,
      one.addressHash ?? null,
      daysMs(acceptedDaysAgo),
      daysMs(endedDaysAgo),
    ],
  );
  await db.query(
    `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, finished_at, outcome, detail)
     VALUES ($1, 1, 1, $1, 'mail', now(), 'taken', 'said 250 ok')`,
    [id],
  );
  if (isUndelivered(status))
    await db.query(
      `INSERT INTO undelivered (notification_id, status, type, channel, detail) VALUES ($1, $2, 'invoice.issued', $3, 'said no')`,
      [id, status, channel],
    );
  if (isWaiting(status))
    await db.query(
      `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, endpoint_id)
       VALUES ($1, $2, 'transactional', 'first', now() + interval '1 hour', now() + interval '1 day', $3)`,
      [id, channel, endpoint],
    );
  return id;
}
