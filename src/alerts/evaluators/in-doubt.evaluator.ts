import type { Pool } from 'pg';

import type { Evaluator, Signal } from '../signal.js';

/** Doubts looked at, the first accepted first: more of them say nothing more. */
const MAX_COUNTED = 10_000;

interface Row {
  type: string;
  provider: string | null;
  count: number;
  first: Date;
}

/** What is in doubt and waits for an operator's word, by type and provider. */
export class InDoubtEvaluator implements Evaluator {
  readonly kinds = ['in_doubt_parked'] as const;

  constructor(
    private readonly pool: Pool,
    private readonly ageMs: number,
  ) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_in_doubt',
      text: `SELECT type, provider, count(*)::integer AS count, min(since) AS first
               FROM (SELECT type, provider, since FROM undelivered
                      WHERE status = 'in_doubt' ORDER BY notification_id LIMIT ${MAX_COUNTED}) doubts
              WHERE since < now() - $1 * interval '1 ms'
              GROUP BY type, provider`,
      values: [this.ageMs],
    });
    return rows.map((row) => ({
      kind: 'in_doubt_parked',
      about: `${row.type}:${row.provider ?? 'no provider'}`,
      summary: `${row.type} is in doubt at ${row.provider ?? 'no provider'}: nobody knows whether it was sent`,
      count: row.count,
      since: row.first,
      detail: { type: row.type, provider: row.provider },
    }));
  }
}
