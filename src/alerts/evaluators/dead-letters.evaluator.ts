import type { Pool } from 'pg';

import type { Evaluator, Signal } from '../signal.js';

/** Deaths counted in one look, of all causes: beyond it they are enough. */
const MAX_COUNTED = 100_000;

interface Row {
  type: string;
  provider: string | null;
  class: string | null;
  count: number;
  first: Date;
}

/**
 * Arrivals among the dead letters within the window, by type, provider and class: the first raises, a window without any is
 * the end. Read from `undelivered_dead_by_time` alone, so what died long ago costs nothing.
 */
export class DeadLettersEvaluator implements Evaluator {
  readonly kinds = ['dead_letters'] as const;

  constructor(
    private readonly pool: Pool,
    private readonly windowMs: number,
  ) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_dead_letters',
      text: `SELECT type, provider, class, count(*)::integer AS count, min(since) AS first
               FROM (SELECT type, provider, class, since FROM undelivered
                      WHERE status = 'dead' AND since > now() - $1 * interval '1 ms'
                      ORDER BY since DESC LIMIT ${MAX_COUNTED}) lately
              GROUP BY type, provider, class`,
      values: [this.windowMs],
    });
    return rows.map((row) => {
      const by = row.provider ?? 'no provider';
      return {
        kind: 'dead_letters',
        about: `${row.type}:${by}:${row.class ?? 'unknown'}`,
        summary: `${row.type} by ${by} is given up: ${row.class ?? 'unknown'}`,
        count: row.count,
        since: row.first,
        detail: { type: row.type, provider: row.provider, error_class: row.class },
      };
    });
  }
}
