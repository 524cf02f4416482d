import type { Pool } from 'pg';

/** A question that did not end a doubt, and when the next one is due. */
export interface Unended {
  id: string;
  dispatch: number;
  attempt: number;
  /** Answered so far with "not there", before this question. */
  asked: number;
  /** Undefined: there is nobody to ask. */
  answer: 'not_found' | 'unanswered' | undefined;
  /** From when the doubt began. Neither this nor `afterMs`: nobody is asked any more, it is parked. Milliseconds. */
  sinceDoubtMs?: number;
  /** From now. Milliseconds. */
  afterMs?: number;
}

/** Guarded by the number of answers, so that two who asked at once count one. Only an answer counts. */
const PUT_OFF_ASKING = `
  WITH put_off AS (
    UPDATE undelivered u
       SET asked = u.asked + ($5::text IS NOT DISTINCT FROM 'not_found')::integer,
           ask_at = CASE WHEN $6::float8 IS NULL THEN now() + $7::float8 * interval '1 ms'
                         ELSE greatest(now(), u.since + $6::float8 * interval '1 ms') END
      FROM notifications n
     WHERE u.notification_id = $1 AND u.status = 'in_doubt' AND u.asked = $4
       AND n.id = u.notification_id AND n.dispatch = $2 AND n.status = 'in_doubt'
    RETURNING u.notification_id
  ), answered AS (
    UPDATE attempts SET asked_at = now(), answer = $5
     WHERE notification_id = (SELECT notification_id FROM put_off) AND number = $3 AND $5 IS NOT NULL
  )
  SELECT FROM put_off`;

export async function putOffAsking(pool: Pool, unended: Unended): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'put_off_asking',
    text: PUT_OFF_ASKING,
    values: [
      unended.id,
      unended.dispatch,
      unended.attempt,
      unended.asked,
      unended.answer ?? null,
      unended.sinceDoubtMs ?? null,
      unended.afterMs ?? null,
    ],
  });
  return rowCount === 1;
}
