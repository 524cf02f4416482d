import type { Pool, PoolClient } from 'pg';

import type { Destination, Group } from '../group.js';
import { COUNT_SENDS } from './count-sends.js';
import { GROUP, MOST_SENDERS, SENDERS_FROM } from './senders.js';

export interface Published {
  id: string;
  dispatch: number;
  endpointId: string | null;
  /** Who it was accepted from. */
  sender: number;
}

/** What one turn of all senders came to. */
export interface Turn {
  published: Published[];
  /** Senders with something due, whether or not they got any of it. */
  senders: number;
}

/**
 * A row with an ordering key goes only while it is the lowest of its key. Those behind are blocked and not met here; this
 * guards two that were accepted at the same moment, neither of which could see the other. Its key is a sub-select: a join of
 * `ordered` with itself, planned while nothing was ordered, reads all of it for each row.
 */
export const IS_HEAD = `(o.ordering_seq IS NULL OR NOT EXISTS (
                    SELECT FROM ordered ahead
                     WHERE ahead.ordering_key = (SELECT mine.ordering_key FROM ordered mine
                                                  WHERE mine.notification_id = o.notification_id)
                       AND ahead.seq < o.ordering_seq))`;

/**
 * One for a SELECT list: by the parameter, whether the commit of this statement waits for the disk. A mark that PostgreSQL
 * loses with its memory was made for a hint that is stale from then on: the row is due again, and goes again under the same
 * number, which one claim can take. A claim that is on disk has its mark there, too: it was written before.
 */
export const WAITS_FOR_NO_DISK = (parameter: string): string =>
  `(SELECT set_config('synchronous_commit', 'off', true) WHERE ${parameter}::boolean) AS disk`;

/**
 * Marks due rows of one group as published and raises their dispatch number, in one commit, before any job exists.
 *
 * - By turns: each sender (API key) with something due has an equal share, in the order of their numbers from the one behind
 *   `$8` on and round again. A backlog of one is looked at no further than its share; alone, it has everything.
 * - SKIP LOCKED: several relays share the work without waiting for each other or for a claim.
 * - By state, never by position ("id > last"): ids commit out of order and a position would skip rows for ever.
 * - `= ANY (ARRAY(…))`: one index lookup a row; a join to a CTE is planned as a hash over the whole table.
 * - Order and filter are `outbox_due`'s: of each sender the first that is read is the first that goes.
 */
export const PUBLISH_DUE = `
  WITH RECURSIVE ${SENDERS_FROM('$8')}, turns AS MATERIALIZED (
    SELECT sender, row_number() OVER (ORDER BY place) AS turn, count(*) OVER () AS senders
      FROM (SELECT sender, place, available_at FROM found LIMIT ${MOST_SENDERS}) f WHERE available_at <= now()
  ), published AS (
    UPDATE outbox
       SET published_at = clock_timestamp(), queue = $5, dispatch = dispatch + 1
     WHERE notification_id = ANY (ARRAY(
             SELECT due.notification_id
               FROM turns t
               JOIN LATERAL (
                 SELECT o.notification_id
                   FROM outbox o
                  WHERE ${GROUP} AND o.sender = t.sender AND o.available_at <= now() AND ${IS_HEAD}
                  ORDER BY o.available_at, o.notification_id
                  LIMIT $6::integer / t.senders + (t.turn <= $6::integer % t.senders)::integer
                    FOR UPDATE OF o SKIP LOCKED) due ON true))
    RETURNING notification_id, dispatch, endpoint_id, is_retry, sender
  ), counted AS (${COUNT_SENDS('$7')})
  SELECT notification_id AS id, dispatch, endpoint_id AS "endpointId", sender,
         (SELECT count(*)::integer FROM turns) AS senders, ${WAITS_FOR_NO_DISK('$9')}
    FROM published`;

/** `after`: the sender whose turn was last. `isLosable`: nothing is spent in the same commit, so it need not wait for the disk. */
export async function publishDue(
  db: Pool | PoolClient,
  group: Group,
  { queue, provider }: Destination,
  limit: number,
  after: number,
  isLosable: boolean,
): Promise<Turn> {
  const { rows } = await db.query<Published & { senders: number; disk: string | null }>({
    name: 'publish_due',
    text: PUBLISH_DUE,
    values: [group.channel, group.lane, group.pin, group.isRetry, queue, limit, provider, after, isLosable],
  });
  const published = rows.map(({ senders: _, disk: __, ...one }) => one);
  return { published, senders: rows[0]?.senders ?? 0 };
}
