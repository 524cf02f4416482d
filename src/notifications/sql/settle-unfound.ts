import type { Pool } from 'pg';

import { SENDER_OF } from '../../domain/sender.js';
import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { tellOf } from '../../own-events/telling.js';

/** A doubt whose provider was asked for the last time and has nothing of it. */
export interface Unfound {
  id: string;
  dispatch: number;
  attempt: number;
  /** `again`: the policy wants it sent now, by the provider that was asked. `expired`: nobody wants it any more. */
  then: 'again' | 'expired';
  provider: string;
}

/**
 * Ends a doubt by sending again, or by its expiry; one commit. Guarded by `in_doubt` at the same dispatch, and by the clock:
 * what runs out this moment is left to the next question. Tries and deadline go on: this is a retry, no new life.
 */
const SETTLE_UNFOUND = `
  WITH moved AS (
    UPDATE notifications n
       SET status = CASE $4 WHEN 'again' THEN 'retrying' ELSE 'expired' END, reason = 'not_found_at_provider',
           updated_at = now()
     WHERE n.id = $1 AND n.dispatch = $2 AND n.status = 'in_doubt'
       AND ($4 = 'expired' OR least(n.expires_at, n.deadline_at) > now())
    RETURNING n.id, n.type, n.status, n.attempts, n.channel, n.lane, n.endpoint_id, n.dispatch, n.expires_at, n.deadline_at,
              n.api_key_id, n.reason AS code, 'expired' AS class
  ), answered AS (
    UPDATE attempts SET asked_at = now(), answer = 'not_found'
     WHERE notification_id = (SELECT id FROM moved) AND number = $3
  ), owed AS (
    INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, provider, endpoint_id,
                        ordering_seq, dispatch, sender)
    SELECT m.id, m.channel, m.lane, 'retry', now(), least(m.expires_at, m.deadline_at), 'not_found_at_provider', $5,
           m.endpoint_id, o.seq, m.dispatch, ${SENDER_OF('m.api_key_id')}
      FROM moved m LEFT JOIN ordered o ON o.notification_id = m.id
     WHERE $4 = 'again'
  ), owed_again AS (
    DELETE FROM undelivered WHERE notification_id = (SELECT id FROM moved) AND $4 = 'again'
  ), too_late AS (
    UPDATE undelivered SET status = 'expired', class = 'expired', ask_at = NULL, since = now()
     WHERE notification_id = (SELECT id FROM moved) AND $4 = 'expired'
  ), released AS (
    DELETE FROM ordered WHERE notification_id = (SELECT id FROM moved) AND $4 = 'expired'
  ), told AS (${tellOf('moved')}
  )
  SELECT (SELECT ${WAKE_RELAYS}) FROM moved`;

/** Whether it was still in doubt. */
export async function settleUnfound(pool: Pool, unfound: Unfound): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'settle_unfound',
    text: SETTLE_UNFOUND,
    values: [unfound.id, unfound.dispatch, unfound.attempt, unfound.then, unfound.provider],
  });
  return rowCount === 1;
}
