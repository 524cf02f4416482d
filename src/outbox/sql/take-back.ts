import type { Pool } from 'pg';

/**
 * Takes the mark back from rows that are still published under these dispatch numbers: the queue did not take them, or a
 * worker hands them back. The row's next publication has a new number, so a hint that did get through is stale.
 */
const TAKE_BACK = `
  UPDATE outbox
     SET published_at = NULL, queue = NULL,
         available_at = greatest(available_at, now() + $3 * interval '1 ms')
   WHERE notification_id = ANY ($1::uuid[])
     AND published_at IS NOT NULL
     AND dispatch = ($2::integer[])[array_position($1::uuid[], notification_id)]`;

/** How many were taken back. `delayMs`: not before then. */
export async function takeBack(
  pool: Pool,
  hints: readonly { id: string; dispatch: number }[],
  delayMs: number,
): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'take_back',
    text: TAKE_BACK,
    values: [hints.map((hint) => hint.id), hints.map((hint) => hint.dispatch), delayMs],
  });
  return rowCount ?? 0;
}
