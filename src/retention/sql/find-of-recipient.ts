import type { Pool } from 'pg';

import type { ChannelName } from '../../domain/channel.js';
import type { Status } from '../../domain/status.js';

export interface Found {
  id: string;
  status: Status;
  /** Its own content is there, and it is this recipient's, of the wanted channel and accepted in time. */
  isMeant: boolean;
}

/** Of one recipient, in the order of ids: `notifications_by_recipient` by the keyed hash, then the recipient itself. */
export const FIND_OF_RECIPIENT = `
  SELECT id, status, coalesce(erased_at IS NULL AND recipient = $2 AND ($3::text IS NULL OR channel = $3)
                              AND created_at <= $4, false) AS "isMeant"
    FROM notifications WHERE recipient_key = $1 AND id > $5 ORDER BY id LIMIT $6`;

export async function findOfRecipient(
  pool: Pool,
  recipientKey: string,
  recipient: string,
  channel: ChannelName | null,
  acceptedUntil: Date,
  after: string,
  limit: number,
): Promise<Found[]> {
  const { rows } = await pool.query<Found>({
    name: 'find_of_recipient',
    text: FIND_OF_RECIPIENT,
    values: [recipientKey, recipient, channel, acceptedUntil, after, limit],
  });
  return rows;
}

/** The events about one recipient: `events_by_recipient`, which erased ones have left. */
export const FIND_EVENTS_OF_RECIPIENT = `
  SELECT id FROM events WHERE recipient = $1 AND created_at <= $2 AND id > $3 ORDER BY id LIMIT $4`;

export async function findEventsOfRecipient(
  pool: Pool,
  recipient: string,
  acceptedUntil: Date,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'find_events_of_recipient',
    text: FIND_EVENTS_OF_RECIPIENT,
    values: [recipient, acceptedUntil, after, limit],
  });
  return rows.map(({ id }) => id);
}

/** Those that tell an event and have their content still. */
export async function findOfEvent(
  pool: Pool,
  eventId: string,
  after: string,
  limit: number,
): Promise<Found[]> {
  const { rows } = await pool.query<Found>({
    name: 'find_of_event',
    text: `SELECT id, status, erased_at IS NULL AS "isMeant" FROM notifications
            WHERE event_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
    values: [eventId, after, limit],
  });
  return rows;
}
