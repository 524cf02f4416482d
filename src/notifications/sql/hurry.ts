import type { PoolClient } from 'pg';

import { WAKE_RELAYS } from '../../domain/wake-up.js';

/** What waits in the outbox for a later time may go now. What is published is on its way already. */
const HURRY = `
  WITH hurried AS (
    UPDATE outbox o SET available_at = now()
      FROM (SELECT notification_id, available_at FROM outbox
             WHERE notification_id = $1 AND published_at IS NULL AND available_at > now() FOR UPDATE) late
     WHERE o.notification_id = late.notification_id
    RETURNING late.available_at
  )
  SELECT available_at AS "wasAt", (SELECT ${WAKE_RELAYS}) FROM hurried`;

/** When it was to go; undefined when there was nothing to hurry. */
export async function hurry(tx: PoolClient, id: string): Promise<Date | undefined> {
  const { rows } = await tx.query<{ wasAt: Date }>({ name: 'hurry', text: HURRY, values: [id] });
  return rows[0]?.wasAt;
}
