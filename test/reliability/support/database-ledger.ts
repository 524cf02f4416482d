import type pg from 'pg';

import type { ChannelName, InDoubtPolicy } from '../../../src/domain/channel.js';
import type { OutcomeKind } from '../../../src/domain/outcome.js';
import { toPublicId } from '../../../src/domain/public-id.js';
import type { Status } from '../../../src/domain/status.js';

export interface StoredAttempt {
  number: number;
  provider: string;
  /** Null: begun and never closed. */
  outcome: OutcomeKind | null;
  class: string | null;
  code: string | null;
  startedAt: Date;
}

/** A notification as the database has it, with everything that hangs on it. */
export interface Stored {
  id: string;
  type: string;
  recipient: string;
  businessId: string;
  channel: ChannelName;
  status: Status;
  onInDoubt: InDoubtPolicy | null;
  orderingKey: string | null;
  /** Its place among those of its ordering key; by id, which is made at accept. */
  createdAt: Date;
  reason: string | null;
  /** What `undelivered` says of it; null: no row. */
  undelivered: Status | null;
  isOwed: boolean;
  attempts: StoredAttempt[];
}

/** The service's own events are not what the harness sent. */
const LEDGER = `
  SELECT n.id, n.type, n.recipient, n.business_id AS "businessId", n.channel, n.status, n.on_in_doubt AS "onInDoubt",
         n.ordering_key AS "orderingKey", n.created_at AS "createdAt", n.reason, u.status AS undelivered,
         o.notification_id IS NOT NULL AS "isOwed",
         coalesce((SELECT json_agg(json_build_object('number', a.number, 'provider', a.provider, 'outcome', a.outcome,
                                                     'class', a.class, 'code', a.code, 'startedAt', a.started_at)
                                   ORDER BY a.number)
                     FROM attempts a WHERE a.notification_id = n.id), '[]') AS attempts
    FROM notifications n
    LEFT JOIN outbox o ON o.notification_id = n.id
    LEFT JOIN undelivered u ON u.notification_id = n.id
   WHERE n.type NOT LIKE 'posthaste.%'
   ORDER BY n.id`;

export async function readDatabaseLedger(pool: pg.Pool): Promise<Stored[]> {
  const { rows } = await pool.query<Stored>(LEDGER);
  return rows.map((row) => ({ ...row, id: toPublicId('notification', row.id) }));
}
