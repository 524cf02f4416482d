/** Senders that one statement gives a turn; the next goes on behind the last. */
export const MOST_SENDERS = 500;

/** Rows `o` of the group that parameters 1 to 4 name, as `outbox_due` has them. */
export const GROUP = `o.channel = $1 AND o.lane = $2 AND coalesce(o.provider, '') = $3 AND o.is_retry = $4
                    AND o.published_at IS NULL AND NOT o.is_blocked AND o.endpoint_id IS NULL`;

/** The first row of a sender of the group: one look into `outbox_due`. */
const FIRST = (condition: string, lap: string): string => `
        (SELECT o.sender, o.available_at, ${lap} AS lap FROM outbox o
          WHERE ${GROUP} AND ${condition}
          ORDER BY o.sender, o.available_at LIMIT 1)`;

/**
 * `found`, for a recursive WITH: each sender of the group with its first row, from the one behind `after` to the end, and from
 * the beginning up to `after`. A loose scan: two looks a sender, however much each has waiting. Its own first row stands for
 * nobody and is never due.
 */
export const SENDERS_FROM = (after: string): string => `found AS (
    SELECT ${after}::integer AS sender, 'infinity'::timestamptz AS available_at, 0 AS lap, 0 AS place
    UNION ALL
    SELECT next.sender, next.available_at, next.lap, found.place + 1
      FROM found, LATERAL (${FIRST('o.sender > found.sender', 'found.lap')}
        UNION ALL${FIRST('found.lap = 0', '1')}
        ORDER BY lap LIMIT 1) next
     WHERE next.lap = 0 OR next.sender <= ${after}::integer
  )`;
