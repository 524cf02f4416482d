import type { Pool } from 'pg';

/** The first failure since the last success. Guarded, so that the first stays the first. */
export async function markFailing(pool: Pool, id: string): Promise<void> {
  await pool.query({
    name: 'mark_endpoint_failing',
    text: `UPDATE endpoints SET failing_since = now()
            WHERE id = $1 AND enabled AND failing_since IS NULL AND judged_from <= now()`,
    values: [id],
  });
}

export async function markWell(pool: Pool, id: string): Promise<void> {
  await pool.query({
    name: 'mark_endpoint_well',
    text: `UPDATE endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL`,
    values: [id],
  });
}
