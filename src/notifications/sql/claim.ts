import type { Pool } from 'pg';

import { SUPPRESSION_CODE } from '../../domain/suppression.js';
import { tellOf } from '../../own-events/telling.js';
import { suppressedBy } from '../../suppressions/statement-parts.js';
import { type Claimed, type Hint, newestOfEach, readPrecedents, type StoredPrecedents } from '../claimed.js';
import { MAY_HAVE_ARRIVED } from './may-have-arrived.js';
import { PRECEDENTS } from './precedents.js';

/**
 * The claim: one commit deletes the outbox rows, sets `sending` and opens the attempts.
 *
 * - The delete is the right to send. It asks for the dispatch number, so a hint published twice is worth nothing twice.
 * - And for the queue (`provider.lane`) that the row was published to: should a queue ever hand out another's job, nobody
 *   sends a text for a webhook; the hint is stale there, and upkeep publishes the row again. What is not published has no
 *   queue. It is not asked for `published_at`: where very much waits, statistics say that next to nothing is published, and
 *   the planner then reads all of `outbox_published` for every group instead of one key a row.
 * - Each id is given once, with its highest number: of two hints for one row the lower is stale.
 * - `= ANY` with `array_position` keeps an index lookup a row; a join to the hints would be planned as one over the table.
 * - What is past its expiry or deadline, by the database's clock, or whose address is on the suppression list by now, is
 *   settled instead of claimed. The list is asked here, by one index probe a row: nothing that waits lies between this commit
 *   and the call. One that may have arrived already is parked in doubt instead, and asked about where that is possible.
 * - The new values come from one sub-select a row; its OFFSET 0 keeps the planner from asking the list once a column.
 * - A first attempt has no precedents, and is not asked for them.
 * - `taken` is joined again at the end, row by row in memory: how long each waited is known to nobody else any more.
 * - The attempt is written before the first byte leaves: a process that dies in the call leaves a trace of it.
 */
export const CLAIM = `
  WITH taken AS (
    DELETE FROM outbox
     WHERE notification_id = ANY ($1::uuid[])
       AND split_part(queue, '.', 1) = $4
       AND dispatch = ($2::integer[])[array_position($1::uuid[], notification_id)]
    RETURNING notification_id, dispatch, available_at, published_at
  ), claimed AS (
    UPDATE notifications n
       SET (status, worker_id, attempts, tries, provider, reason) = (
             SELECT v.status, CASE WHEN v.status = 'sending' THEN $3::uuid END,
                    n.attempts + (v.status = 'sending')::integer, n.tries + (v.status = 'sending')::integer,
                    CASE v.status WHEN 'in_doubt' THEN n.provider ELSE $4 END,
                    CASE v.ending WHEN 'dead' THEN 'deadline' WHEN 'suppressed' THEN '${SUPPRESSION_CODE}' || v.suppressed_by
                         ELSE v.ending END
               FROM (SELECT e.suppressed_by, e.ending,
                            CASE WHEN e.ending IS NULL THEN 'sending' WHEN ${MAY_HAVE_ARRIVED('n')} THEN 'in_doubt'
                                 ELSE e.ending END AS status
                       FROM (SELECT s.suppressed_by,
                                    CASE WHEN n.expires_at <= now() THEN 'expired' WHEN n.deadline_at <= now() THEN 'dead'
                                         WHEN s.suppressed_by IS NOT NULL THEN 'suppressed' END AS ending
                               FROM (SELECT ${suppressedBy('n.address_hash', 'n.type')} AS suppressed_by OFFSET 0) s) e) v),
           dispatch = ($2::integer[])[array_position($1::uuid[], id)],
           updated_at = now()
     WHERE id = ANY (ARRAY(SELECT notification_id FROM taken))
    RETURNING id, dispatch, status, type, channel, lane, template, locale, payload, endpoint_id AS "endpointId",
              event_id AS "eventId",
              (SELECT e.payload FROM events e WHERE e.id = n.event_id) AS "eventPayload",
              on_in_doubt AS "onInDoubt", attempts AS attempt, tries, created_at AS "createdAt",
              expires_at AS "expiresAt", deadline_at AS "deadlineAt", ordering_key, reason, traceparent, n.provider,
              CASE WHEN reason IN ('expired', 'deadline') THEN reason ELSE 'suppress' END AS class,
              CASE WHEN reason IN ('expired', 'deadline') THEN 'too_late' ELSE reason END AS code
  ), opened AS (
    INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, endpoint_id)
    SELECT id, attempt, dispatch, $3, $4, "endpointId" FROM claimed WHERE status = 'sending'
  ), undeliverable AS (
    INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, ask_at)
    SELECT id, status, type, channel, provider, class, code, CASE status WHEN 'in_doubt' THEN now() END
      FROM claimed WHERE status <> 'sending'
    ON CONFLICT (notification_id) DO UPDATE
      SET status = excluded.status, class = excluded.class, code = excluded.code, ask_at = excluded.ask_at, asked = 0,
          since = now()
  ), released AS (
    DELETE FROM ordered
     WHERE notification_id = ANY (ARRAY(
             SELECT id FROM claimed WHERE status NOT IN ('sending', 'in_doubt') AND ordering_key IS NOT NULL))
  ), told AS (${tellOf(`(
    SELECT id, type, status, dispatch, attempt AS attempts, code, class FROM claimed WHERE status <> 'sending') AS ended`)}
  )
  SELECT claimed.*, taken.available_at AS "dueAt", taken.published_at AS "publishedAt", now() AS "claimedAt",
         ${PRECEDENTS('claimed.id', 'claimed.attempt > 1')} AS precedents
    FROM claimed JOIN taken ON taken.notification_id = claimed.id`;

/** Answers what each hint is worth, in order: undefined for a stale one. */
export async function claim(
  pool: Pool,
  hints: readonly Hint[],
  workerId: string,
  provider: string,
): Promise<(Claimed | undefined)[]> {
  const newest = newestOfEach(hints);
  const { rows } = await pool.query<Claimed & { precedents: StoredPrecedents | null }>({
    name: 'claim',
    text: CLAIM,
    values: [newest.map((hint) => hint.id), newest.map((hint) => hint.dispatch), workerId, provider],
  });
  const won = new Map(rows.map((row) => [`${row.id}:${row.dispatch}`, row]));
  // Given to one hint only: two equal ones in a group (a job that ran twice) are still one right to send.
  return hints.map((hint) => {
    const key = `${hint.id}:${hint.dispatch}`;
    const claimed = won.get(key);
    won.delete(key);
    return claimed && Object.assign(claimed, readPrecedents(claimed.precedents));
  });
}
