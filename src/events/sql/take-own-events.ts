import type { PoolClient } from 'pg';

import type { ChannelName } from '../../domain/channel.js';
import type { OwnEventType } from '../../domain/event-type.js';

interface Said {
  type: OwnEventType;
  recipient: string | null;
  data: Readonly<Record<string, unknown>>;
  at: Date;
}

/** What was said of a notification's end; of an erased one the business id is gone. */
export interface SaidOfNotification extends Said {
  notificationId: string;
  dispatch: number;
  notificationType: string;
  notificationBusinessId: string | null;
  channel: ChannelName;
}

export interface SaidOfOther extends Said {
  notificationId: null;
  businessId: string;
}

export type SaidByUs = SaidOfNotification | SaidOfOther;

/**
 * The oldest of what the service has to say, taken by the transaction that will spread it: another runner skips these, and
 * finds them again if this one does not commit.
 *
 * Whom it concerns is read here. A notification that tells an event concerns the recipient of its endpoint: the event's own
 * recipient need not know who else listens.
 */
const TAKE = `
  WITH taken AS (
    DELETE FROM own_events
     WHERE id = ANY (ARRAY(SELECT id FROM own_events ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING *
  )
  SELECT t.type, t.data, t.at, t.notification_id AS "notificationId", t.dispatch, t.business_id AS "businessId",
         n.type AS "notificationType", n.business_id AS "notificationBusinessId", n.channel,
         CASE WHEN t.notification_id IS NULL THEN t.recipient
              WHEN n.event_id IS NULL THEN n.recipient
              ELSE (SELECT e.recipient FROM endpoints e WHERE e.id = n.endpoint_id) END AS recipient
    FROM taken t LEFT JOIN notifications n ON n.id = t.notification_id
   ORDER BY t.id`;

export async function takeOwnEvents(tx: PoolClient, limit: number): Promise<SaidByUs[]> {
  const { rows } = await tx.query<SaidByUs>({ name: 'take_own_events', text: TAKE, values: [limit] });
  return rows;
}
