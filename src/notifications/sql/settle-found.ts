import type { Pool } from 'pg';

import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { tellOf } from '../../own-events/telling.js';

/** A message that the provider has, and the doubt it ends. */
export interface Found {
  id: string;
  dispatch: number;
  attempt: number;
  provider: string;
  providerMessageId: string;
  /** Of what was asked for, hex. */
  contentDigest: string;
  status: 'sent' | 'delivered' | 'bounced';
  code: string;
  class: string | null;
}

/**
 * The provider has it: the doubt ends, in one commit.
 *
 * - Guarded by `in_doubt` at the same dispatch: an operator's word, a receipt or a late word that came first stands.
 * - A message belongs to one notification: the same text to the same number may have been sent twice on purpose, so what
 *   another with equal content has already is not taken (`attempts_by_content`). The digest is written for a worker that
 *   was lost before it could say what it sent: what was found is the proof. Its id is kept where a later receipt looks for it.
 */
const SETTLE_FOUND = `
  WITH settled AS (
    UPDATE notifications n
       SET status = $3, reason = 'found_at_provider', provider = $5, provider_message_id = $6, updated_at = now()
     WHERE n.id = $1 AND n.dispatch = $2 AND n.status = 'in_doubt'
       AND NOT EXISTS (
             SELECT FROM attempts a JOIN notifications other ON other.id = a.notification_id
              WHERE a.content_digest = decode($7, 'hex') AND a.notification_id <> $1
                AND other.provider_message_id = $6)
       AND NOT EXISTS (
             SELECT FROM provider_messages m
              WHERE m.provider = $5 AND m.provider_message_id = $6 AND m.notification_id <> $1)
    RETURNING n.id, n.type, n.status, n.dispatch, n.attempts, $8::text AS code, $9::text AS class
  ), answered AS (
    UPDATE attempts SET asked_at = now(), answer = 'found', content_digest = decode($7, 'hex')
     WHERE notification_id = (SELECT id FROM settled) AND number = $4
  ), known_there_as AS (
    INSERT INTO provider_messages (provider, provider_message_id, notification_id)
    SELECT $5, $6, id FROM settled
    ON CONFLICT DO NOTHING
  ), arrived AS (
    DELETE FROM undelivered WHERE notification_id = (SELECT id FROM settled) AND $3 <> 'bounced'
  ), bounced AS (
    UPDATE undelivered SET status = $3, class = $9, code = $8, detail = NULL, ask_at = NULL, since = now()
     WHERE notification_id = (SELECT id FROM settled) AND $3 = 'bounced'
  ), released AS (
    DELETE FROM ordered WHERE notification_id = (SELECT id FROM settled)
  ), told AS (${tellOf('settled')}
  )
  SELECT (SELECT ${WAKE_RELAYS}) FROM settled`;

/** Whether it was this one's, and still in doubt. */
export async function settleFound(pool: Pool, found: Found): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'settle_found',
    text: SETTLE_FOUND,
    values: [
      found.id,
      found.dispatch,
      found.status,
      found.attempt,
      found.provider,
      found.providerMessageId,
      found.contentDigest,
      found.code,
      found.class,
    ],
  });
  return rowCount === 1;
}
