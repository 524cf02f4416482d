import type { Pool, PoolClient } from 'pg';

import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { UNCOUNT_SENDS } from './count-sends.js';

/**
 * Takes the mark back from rows that are still published under these dispatch numbers: the queue did not take them, or a
 * worker hands them back. The row's next publication has a new number, so a hint that did get through is stale. Nobody was
 * called, so they count neither as first sends nor as retries of the provider, and the tokens that they took from buckets go
 * back there. A bucket that is full by now stays full: its rate bounds it where it is read. The single call that tries a gate
 * took none; handed back, it is worth one. Published is what has a queue: as for a claim, no index may seem to know better.
 */
const TAKE_BACK = `
  WITH taken_back AS (
    UPDATE outbox
       SET published_at = NULL, queue = NULL,
           available_at = CASE WHEN $3::bigint > 0 THEN greatest(available_at, now() + $3 * interval '1 ms') ELSE available_at END
     WHERE notification_id = ANY ($1::uuid[])
       AND queue IS NOT NULL
       AND dispatch = ($2::integer[])[array_position($1::uuid[], notification_id)]
    RETURNING endpoint_id, is_retry
  ), ${UNCOUNT_SENDS('$4')}, refilled AS (
    UPDATE allowances a SET tokens = a.tokens + unspent.count
      FROM (SELECT 'provider' AS kind, $4 AS key, count(*) FROM taken_back
            UNION ALL
            SELECT 'endpoint', endpoint_id::text, count(*) FROM taken_back WHERE endpoint_id IS NOT NULL GROUP BY endpoint_id) unspent
     WHERE a.kind = unspent.kind AND a.key = unspent.key AND unspent.count > 0
  )
  SELECT count(*)::integer AS count, (SELECT ${WAKE_RELAYS}) FROM taken_back`;

/** How many were taken back from this provider. `delayMs`: not before then. */
export async function takeBack(
  db: Pool | PoolClient,
  provider: string,
  hints: readonly { id: string; dispatch: number }[],
  delayMs: number,
): Promise<number> {
  const newest = [
    ...new Map([...hints].sort((a, b) => a.dispatch - b.dispatch).map((hint) => [hint.id, hint])).values(),
  ];
  const { rows } = await db.query<{ count: number }>({
    name: 'take_back',
    text: TAKE_BACK,
    values: [newest.map((hint) => hint.id), newest.map((hint) => hint.dispatch), delayMs, provider],
  });
  return rows[0]!.count;
}
