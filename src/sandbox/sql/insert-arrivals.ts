import type { Pool } from 'pg';

import type { Arrival } from '../arrival.js';
import { storable } from '../storable.js';

/**
 * One commit for many arrivals. The advisory lock is held until that commit, so ids become visible in their own order: a
 * reader who asks for "after the last id I saw" misses nothing, though several processes write.
 */
const INSERT = `
  WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtext('sandbox_messages')))
  INSERT INTO sandbox_messages (channel, to_address, subject, raw, parsed, headers, notification_id, fault, size_bytes)
  SELECT one.channel, one.to_address, one.subject, one.raw, one.parsed, one.headers, one.notification_id, one.fault,
         octet_length(one.raw)
    FROM turn, jsonb_to_recordset($1::jsonb) AS one (
           channel text, to_address text, subject text, raw text, parsed jsonb, headers jsonb,
           notification_id text, fault text)`;

export async function insertArrivals(pool: Pool, arrivals: readonly Arrival[]): Promise<void> {
  const rows = arrivals.map((one) => ({
    channel: one.channel,
    to_address: one.to,
    subject: one.subject,
    raw: one.raw,
    parsed: one.parsed,
    headers: one.headers,
    notification_id: one.notificationId,
    fault: one.fault,
  }));
  await pool.query(INSERT, [JSON.stringify(storable(rows))]);
}
