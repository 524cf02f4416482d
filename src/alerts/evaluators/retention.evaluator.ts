import type { Pool } from 'pg';

import type { Evaluator, Signal } from '../signal.js';

/** A night's load may be more than retention keeps up with; a day's may not. */
const BEHIND = `interval '24 hours'`;

/** Whether what should be erased is: content that is kept for longer than was promised to somebody is a fault. */
export class RetentionEvaluator implements Evaluator {
  readonly kinds = ['retention_behind'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<{ task: string; since: Date }>({
      name: 'alert_retention',
      text: `SELECT task, caught_up_at AS since FROM retention_progress WHERE caught_up_at < now() - ${BEHIND}`,
    });
    return rows.map(({ task, since }) => ({
      kind: 'retention_behind',
      about: task,
      summary: `Retention does not keep up: ${task}`,
      count: 1,
      since,
      detail: { task },
    }));
  }
}
