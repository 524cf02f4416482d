import type { Pool, PoolClient } from 'pg';

import type { ChannelName, InDoubtPolicy, Lane } from '../../domain/channel.js';
import type { Status } from '../../domain/status.js';
import { SUPPRESSION_CODE } from '../../domain/suppression.js';
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

/**
 * One commit writes the notification and its outbox row. Rows come in the order of their key hashes, so two groups with
 * crossed duplicates wait for each other and never deadlock. A key that exists is left alone and not answered: at READ
 * COMMITTED only a second statement sees who holds it.
 *
 * An address on the suppression list, which is asked once a row, settles the notification at once: `suppressed`, and no
 * outbox row. `input` is materialised so that it is not asked again for each column that depends on the answer.
 *
 * `unnest` keeps one prepared statement for groups of every size. Times are the database's: `send_at` in the past means
 * now; expiry and deadline count from when it may first go, quiet hours included. The wake-up travels with the commit.
 *
 * One behind an unsettled one of its ordering key, stored before or earlier in this group, is blocked from the start.
 */
const INSERT_ACCEPTED = `
  WITH input AS MATERIALIZED (
    SELECT *, greatest(now(), send_at, quiet_until) AS due, ${suppressedBy("decode(i.address_hash, 'hex')", 'i.type')} AS suppressed_by
      FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
                  $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::uuid[], $16::uuid[],
                  $17::text[], $18::timestamptz[], $19::timestamptz[], $20::bigint[], $21::bigint[],
                  $23::text[], $24::timestamptz[], $25::text[])
        AS i (id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane, template, locale,
              ordering_key, on_in_doubt, payload, event_id, endpoint_id, api_key_id, send_at, expires_at, expires_in_ms,
              deadline_ms, address_hash, quiet_until, traceparent)
  ), inserted AS (
    INSERT INTO notifications (id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane,
                               template, locale, ordering_key, on_in_doubt, payload, event_id, endpoint_id, api_key_id,
                               send_at, expires_at, deadline_at, address_hash, quiet_until, traceparent, status, reason)
    SELECT id, decode(key_hash, 'hex'), fingerprint, type, recipient, business_id, recipient_key, channel, lane, template,
           locale, ordering_key, on_in_doubt, payload, event_id, endpoint_id, api_key_id, send_at,
           coalesce(expires_at, due + expires_in_ms * interval '1 ms'), due + deadline_ms * interval '1 ms',
           decode(address_hash, 'hex'), quiet_until, traceparent,
           CASE WHEN suppressed_by IS NOT NULL THEN 'suppressed' WHEN due > now() THEN 'scheduled' ELSE 'accepted' END,
           '${SUPPRESSION_CODE}' || suppressed_by
      FROM input
    ON CONFLICT (key_hash) DO NOTHING
    RETURNING id, type, channel, lane, ordering_key, endpoint_id, status, reason, send_at, quiet_until,
              least(expires_at, deadline_at) AS overdue_at
  ), in_order AS (
    INSERT INTO ordered (notification_id, ordering_key)
    SELECT id, ordering_key FROM inserted WHERE ordering_key IS NOT NULL AND status <> 'suppressed'
    RETURNING notification_id, ordering_key, seq
  ), placed AS MATERIALIZED (
    SELECT notification_id, ordering_key AS own_key, seq,
           row_number() OVER (PARTITION BY ordering_key ORDER BY seq) > 1
             OR EXISTS (SELECT FROM ordered ahead WHERE ahead.ordering_key = in_order.ordering_key) AS is_behind
      FROM in_order
  ), owed AS (
    INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, endpoint_id, ordering_seq,
                        is_blocked, ordering_key)
    SELECT id, channel, lane, 'first', greatest(now(), send_at, quiet_until), overdue_at,
           CASE WHEN quiet_until > now() THEN 'quiet_hours' ELSE status END, endpoint_id, seq,
           coalesce(is_behind, false), CASE WHEN is_behind THEN own_key END
      FROM inserted LEFT JOIN placed ON notification_id = id
     WHERE status <> 'suppressed'
  ), not_owed AS (
    INSERT INTO undelivered (notification_id, status, type, channel, class, code)
    SELECT id, status, type, channel, 'suppress', reason FROM inserted WHERE status = 'suppressed'
  ), told AS (${tellOf("(SELECT *, reason AS code, 'suppress' AS class, 0 AS dispatch, 0 AS attempts FROM inserted) AS ended")}
  )
  SELECT id, status, (SELECT pg_notify('posthaste_outbox', '') WHERE $22) FROM inserted`;

export async function insertAccepted(
  pool: Pool | PoolClient,
  rows: readonly NewNotification[],
  wake: boolean,
): Promise<Inserted[]> {
  const column = <K extends keyof NewNotification>(key: K) => rows.map((row) => row[key]);
  const { rows: inserted } = await pool.query<Inserted>({
    name: 'insert_accepted',
    text: INSERT_ACCEPTED,
    values: [
      column('id'),
      column('keyHash'),
      column('fingerprint'),
      column('type'),
      column('recipient'),
      column('businessId'),
      column('recipientKey'),
      column('channel'),
      column('lane'),
      column('template'),
      column('locale'),
      column('orderingKey'),
      column('onInDoubt'),
      column('payload'),
      column('eventId'),
      column('endpointId'),
      column('apiKeyId'),
      column('sendAt'),
      column('expiresAt'),
      column('expiresInMs'),
      column('deadlineMs'),
      wake,
      column('addressHash'),
      column('quietUntil'),
      column('traceparent'),
    ],
  });
  return inserted;
}
