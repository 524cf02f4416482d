import type { Pool, PoolClient } from 'pg';

import type { ChannelName, InDoubtPolicy, Lane } from '../../domain/channel.js';
import type { Status } from '../../domain/status.js';
import {
  byteaArray,
  type Columns,
  orEmpty,
  rowsByPosition,
  rowsSideBySide,
} from '../../platform/database/column-arrays.js';
import { SUPPRESSION_CODE } from '../../domain/suppression.js';
import { SENDER_OF } from '../../domain/sender.js';
import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { tellOf } from '../../own-events/telling.js';
import { suppressedBy } from '../../suppressions/statement-parts.js';

/** One notification as the door stores it. Hashes are hex; times ISO 8601; durations milliseconds. */
export interface NewNotification {
  id: string;
  keyHash: string;
  fingerprint: Buffer;
  type: string;
  recipient: string;
  businessId: string;
  recipientKey: string;
  channel: ChannelName;
  lane: Lane;
  template: string;
  locale: string | null;
  orderingKey: string | null;
  onInDoubt: InDoubtPolicy | null;
  payload: Buffer;
  eventId: string | null;
  endpointId: string | null;
  /** Null: the service itself. */
  apiKeyId: string | null;
  sendAt: string | null;
  expiresAt: string | null;
  expiresInMs: number | null;
  deadlineMs: number;
  /** What the suppression list knows it by; null for a webhook. */
  addressHash: string | null;
  /** The end of the quiet hours it would go in; null: it may go. */
  quietUntil: string | null;
  /** Where its trace goes on; null: it has none. */
  traceparent: string | null;
}

export interface Inserted {
  id: string;
  status: Status;
}

const COLUMNS: Columns = [
  ['id', 'uuid'],
  ['key_hash', 'bytea'],
  ['fingerprint', 'bytea'],
  ['type', 'text'],
  ['recipient', 'text'],
  ['business_id', 'text'],
  ['recipient_key', 'bigint'],
  ['channel', 'text'],
  ['lane', 'text'],
  ['template', 'text'],
  ['locale', 'text'],
  ['ordering_key', 'text'],
  ['on_in_doubt', 'text'],
  ['payload', 'bytea'],
  ['event_id', 'uuid'],
  ['endpoint_id', 'uuid'],
  ['api_key_id', 'text'],
  ['send_at', 'timestamptz'],
  ['expires_at', 'timestamptz'],
  ['expires_in_ms', 'bigint'],
  ['deadline_ms', 'bigint'],
  ['address_hash', 'bytea'],
  ['quiet_until', 'timestamptz'],
  ['traceparent', 'text'],
];
const WAKES = `$${COLUMNS.length + 1}`;

/**
 * One commit writes the notification and its outbox row. Rows come in the order of their key hashes, so two groups with
 * crossed duplicates wait for each other and never deadlock. A key that exists is left alone and not answered: at READ
 * COMMITTED only a second statement sees who holds it.
 *
 * An address on the suppression list, which is asked once a row, settles the notification at once: `suppressed`, and no
 * outbox row. `input` is materialised so that it is not asked again for each column that depends on the answer.
 *
 * Arrays keep one prepared statement for groups of every size, two in all. Times are the database's: `send_at` in the past
 * means now; expiry and deadline count from when it may first go, quiet hours included. The wake-up travels with the commit.
 *
 * One behind an unsettled one of its ordering key, stored before or earlier in this group, is blocked from the start. Asked
 * by a sub-select: an EXISTS may be planned as a hash over all that is ordered.
 */
const insertFrom = (rows: string): string => `
  WITH input AS MATERIALIZED (
    SELECT *, greatest(now(), send_at, quiet_until) AS due, ${suppressedBy('i.address_hash', 'i.type')} AS suppressed_by
      FROM ${rows} AS i
  ), inserted AS (
    INSERT INTO notifications (id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane,
                               template, locale, ordering_key, on_in_doubt, payload, event_id, endpoint_id, api_key_id,
                               send_at, expires_at, deadline_at, address_hash, quiet_until, traceparent, status, reason)
    SELECT id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane, template,
           locale, ordering_key, on_in_doubt, payload, event_id, endpoint_id, api_key_id, send_at,
           coalesce(expires_at, due + expires_in_ms * interval '1 ms'), due + deadline_ms * interval '1 ms',
           address_hash, quiet_until, traceparent,
           CASE WHEN suppressed_by IS NOT NULL THEN 'suppressed' WHEN due > now() THEN 'scheduled' ELSE 'accepted' END,
           '${SUPPRESSION_CODE}' || suppressed_by
      FROM input
    ON CONFLICT (key_hash) DO NOTHING
    RETURNING id, type, channel, lane, ordering_key, endpoint_id, api_key_id, status, reason, send_at, quiet_until,
              least(expires_at, deadline_at) AS overdue_at
  ), in_order AS (
    INSERT INTO ordered (notification_id, ordering_key)
    SELECT id, ordering_key FROM inserted WHERE ordering_key IS NOT NULL AND status <> 'suppressed'
    RETURNING notification_id, ordering_key, seq
  ), placed AS MATERIALIZED (
    SELECT notification_id, ordering_key AS own_key, seq,
           row_number() OVER (PARTITION BY ordering_key ORDER BY seq) > 1
             OR (SELECT true FROM ordered ahead WHERE ahead.ordering_key = in_order.ordering_key LIMIT 1) IS NOT NULL AS is_behind
      FROM in_order
  ), owed AS (
    INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, endpoint_id, ordering_seq,
                        is_blocked, ordering_key, sender)
    SELECT id, channel, lane, 'first', greatest(now(), send_at, quiet_until), overdue_at,
           CASE WHEN quiet_until > now() THEN 'quiet_hours' ELSE status END, endpoint_id, seq,
           coalesce(is_behind, false), CASE WHEN is_behind THEN own_key END, ${SENDER_OF('api_key_id')}
      FROM inserted LEFT JOIN placed ON notification_id = id
     WHERE status <> 'suppressed'
  ), not_owed AS (
    INSERT INTO undelivered (notification_id, status, type, channel, class, code)
    SELECT id, status, type, channel, 'suppress', reason FROM inserted WHERE status = 'suppressed'
  ), told AS (${tellOf("(SELECT *, reason AS code, 'suppress' AS class, 0 AS dispatch, 0 AS attempts FROM inserted) AS ended")}
  )
  SELECT id, status, (SELECT ${WAKE_RELAYS} WHERE ${WAKES}) FROM inserted`;

/** Rows up to which a look by position is cheaper for PostgreSQL, half as dear for 25 of them and for 500 twice as dear. */
const FEW_ROWS = 64;
const INSERT_FEW = insertFrom(rowsByPosition(COLUMNS));
const INSERT_MANY = insertFrom(rowsSideBySide(COLUMNS));

export async function insertAccepted(
  pool: Pool | PoolClient,
  rows: readonly NewNotification[],
  wake: boolean,
): Promise<Inserted[]> {
  const isFew = rows.length <= FEW_ROWS;
  const { rows: inserted } = await pool.query<Inserted>({
    name: isFew ? 'insert_accepted' : 'insert_accepted_many',
    text: isFew ? INSERT_FEW : INSERT_MANY,
    values: [...arraysOf(rows), wake],
  });
  return inserted;
}

function arraysOf(rows: readonly NewNotification[]): unknown[] {
  const column = <K extends keyof NewNotification>(key: K) => rows.map((row) => row[key]);
  const rare = <K extends keyof NewNotification>(key: K) => orEmpty(column(key));
  return [
    column('id'),
    byteaArray(rows.map((row) => Buffer.from(row.keyHash, 'hex'))),
    byteaArray(column('fingerprint')),
    column('type'),
    column('recipient'),
    column('businessId'),
    column('recipientKey'),
    column('channel'),
    column('lane'),
    column('template'),
    rare('locale'),
    rare('orderingKey'),
    rare('onInDoubt'),
    byteaArray(column('payload')),
    rare('eventId'),
    rare('endpointId'),
    rare('apiKeyId'),
    rare('sendAt'),
    rare('expiresAt'),
    rare('expiresInMs'),
    column('deadlineMs'),
    byteaArray(
      rows.map(({ addressHash }) => (addressHash === null ? null : Buffer.from(addressHash, 'hex'))),
    ),
    rare('quietUntil'),
    rare('traceparent'),
  ];
}
