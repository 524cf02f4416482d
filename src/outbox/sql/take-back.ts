import type { Pool } from 'pg';

/**
 * Takes the mark back from rows that are still published under these dispatch numbers: the queue did not take them, or a
 * worker hands them back. The row's next publication has a new number, so a hint that did get through is stale.
 */
const TAKE_BACK = `
  WITH taken_back AS (
    UPDATE outbox
       SET published_at = NULL, queue = NULL,
           available_at = CASE WHEN $3::bigint > 0 THEN greatest(available_at, now() + $3 * interval '1 ms') ELSE available_at END
     WHERE notification_id = ANY ($1::uuid[])
       AND published_at IS NOT NULL
       AND dispatch = ($2::integer[])[array_position($1::uuid[], notification_id)]
    RETURNING notification_id
  )
  SELECT count(*)::integer AS count, (SELECT pg_notify('posthaste_outbox', '')) FROM taken_back`;

/** How many were taken back. `delayMs`: not before then. */
export async function takeBack(
  pool: Pool,
  hints: readonly { id: string; dispatch: number }[],
  delayMs: number,
): Promise<number> {
  const newest = [
    ...new Map([...hints].sort((a, b) => a.dispatch - b.dispatch).map((hint) => [hint.id, hint])).values(),
  ];
  const { rows } = await pool.query<{ count: number }>({
    name: 'take_back',
    text: TAKE_BACK,
    values: [newest.map((hint) => hint.id), newest.map((hint) => hint.dispatch), delayMs],
  });
  return rows[0]!.count;
}
