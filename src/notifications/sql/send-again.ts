import type { PoolClient } from 'pg';

import { SENDER_OF } from '../../domain/sender.js';
import type { Status } from '../../domain/status.js';
import { WAKE_RELAYS } from '../../domain/wake-up.js';

/** One that is to go again, on fresh terms. */
export interface SendAgain {
  id: string;
  /** From now until it is given up. */
  deadlineMs: number;
  /** The only provider it may go to; null: any. */
  pinnedProvider: string | null;
}

/**
 * Puts settled ones back into the outbox: tries from 0, a new deadline, attempts and expiry kept.
 *
 * - Guarded by the states it may leave, so of two callers one wins. What is past its expiry or has no content any more is
 *   left alone.
 * - Rows are locked in the order of their ids: two redrives that cross wait for each other and never deadlock.
 * - The dispatch number counts on from the notification's, so every hint of an earlier life is stale.
 * - One that has left its ordering key goes out of order; one in doubt still holds its place there.
 */
const SEND_AGAIN = `
  WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS i (id, deadline_ms, provider)
  ), allowed AS MATERIALIZED (
    SELECT n.id, i.deadline_ms, i.provider
      FROM input i JOIN notifications n ON n.id = i.id
     WHERE n.status = ANY ($4::text[]) AND n.erased_at IS NULL AND (n.expires_at IS NULL OR n.expires_at > now())
     ORDER BY n.id
       FOR UPDATE OF n
  ), moved AS (
    UPDATE notifications n
       SET status = 'retrying', tries = 0, reason = $5, deadline_at = now() + a.deadline_ms * interval '1 ms',
           updated_at = now()
      FROM allowed a
     WHERE n.id = a.id AND n.status = ANY ($4::text[])
    RETURNING n.id, n.channel, n.lane, n.endpoint_id, n.dispatch, n.expires_at, n.deadline_at, n.api_key_id,
              a.provider
  ), delivered_yet AS (
    DELETE FROM undelivered WHERE notification_id = ANY (ARRAY(SELECT id FROM moved))
  ), owed AS (
    INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, provider, endpoint_id,
                        ordering_seq, dispatch, sender)
    SELECT m.id, m.channel, m.lane, 'redrive', now(), least(m.expires_at, m.deadline_at), $5, m.provider, m.endpoint_id,
           o.seq, m.dispatch, ${SENDER_OF('m.api_key_id')}
      FROM moved m LEFT JOIN ordered o ON o.notification_id = m.id
  )
  SELECT id, (SELECT ${WAKE_RELAYS}) FROM moved`;

/** Answers the ids of those that go again. `from`: the states they may leave. */
export async function sendAgain(
  tx: PoolClient,
  items: readonly SendAgain[],
  from: readonly Status[],
  reason: string,
): Promise<Set<string>> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'send_again',
    text: SEND_AGAIN,
    values: [
      items.map((item) => item.id),
      items.map((item) => item.deadlineMs),
      items.map((item) => item.pinnedProvider),
      from,
      reason,
    ],
  });
  return new Set(rows.map((row) => row.id));
}
