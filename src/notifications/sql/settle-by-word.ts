import type { PoolClient } from 'pg';

import type { Status } from '../../domain/status.js';
import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { tellOf } from '../../own-events/telling.js';

/**
 * An operator's word settles one: `in_doubt → sent | dead`, `dead → discarded`. Guarded by the state it leaves; class, code
 * and detail of what went wrong stay. Its ordering key goes on, so a relay is woken.
 */
const SETTLE_BY_WORD = `
  WITH settled AS (
    UPDATE notifications SET status = $3, reason = $4, updated_at = now()
     WHERE id = $1 AND status = $2
    RETURNING id, status, type, dispatch, attempts, reason
  ), arrived AS (
    DELETE FROM undelivered WHERE notification_id = (SELECT id FROM settled WHERE status = 'sent')
  ), not_arrived AS (
    UPDATE undelivered SET status = $3, since = now(), ask_at = NULL
     WHERE notification_id = (SELECT id FROM settled WHERE status <> 'sent')
  ), released AS (
    DELETE FROM ordered WHERE notification_id = (SELECT id FROM settled)
  ), told AS (${tellOf('(SELECT *, reason AS code, NULL::text AS class FROM settled) AS ended')}
  )
  SELECT (SELECT ${WAKE_RELAYS}) FROM settled`;

/** Whether this word won. */
export async function settleByWord(
  tx: PoolClient,
  id: string,
  from: Status,
  to: 'sent' | 'dead' | 'discarded',
  reason: string,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'settle_by_word',
    text: SETTLE_BY_WORD,
    values: [id, from, to, reason],
  });
  return rowCount === 1;
}
