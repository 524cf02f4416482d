import type { Pool, PoolClient } from 'pg';

import type { Status } from '../../domain/status.js';

export interface KnownEvent {
  id: string;
  fingerprint: Buffer;
  isErased: boolean;
}

/**
 * Who holds this key (hex). A statement of its own, so that it sees what committed while an insert waited. Held until the
 * caller's commit: its data is not erased between this look and the notifications that are to tell it.
 */
export async function findEventByKey(tx: PoolClient, keyHash: string): Promise<KnownEvent | undefined> {
  const { rows } = await tx.query<KnownEvent>({
    name: 'find_event_by_key',
    text: `SELECT id, fingerprint, erased_at IS NOT NULL AS "isErased" FROM events WHERE key_hash = decode($1, 'hex') FOR SHARE`,
    values: [keyHash],
  });
  return rows[0];
}

export interface StoredEvent {
  id: string;
  type: string;
  recipient: string | null;
  businessId: string | null;
  createdAt: Date;
  isErased: boolean;
  /** How its notifications stand. */
  counts: Partial<Record<Status, number>>;
}

/** Looked at for the counts: what bounds a question about an event with a million subscribers. */
const MAX_COUNTED = 20_000;

/** Served by the primary key, and `notifications_by_event`. */
const FIND_EVENT = `
  SELECT id, type, recipient, business_id AS "businessId", created_at AS "createdAt", erased_at IS NOT NULL AS "isErased",
         (SELECT coalesce(jsonb_object_agg(status, count), '{}')
            FROM (SELECT status, count(*) AS count
                    FROM (SELECT status FROM notifications WHERE event_id = $1 LIMIT ${MAX_COUNTED}) looked_at
                   GROUP BY status) counted) AS counts
    FROM events WHERE id = $1`;

export async function findEvent(pool: Pool, id: string): Promise<StoredEvent | undefined> {
  const { rows } = await pool.query<StoredEvent>({ name: 'find_event', text: FIND_EVENT, values: [id] });
  return rows[0];
}
