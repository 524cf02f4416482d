import type { Pool } from 'pg';

import type { Evaluator, Signal } from '../signal.js';

/** Without these a crash of PostgreSQL's machine takes back what callers were told is stored. */
const SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/** Whether PostgreSQL keeps what it says it has kept. `synchronous_commit` may be any of its durable levels. */
export class DurabilityEvaluator implements Evaluator {
  readonly kinds = ['postgres_not_durable'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<{ name: string }>({
      name: 'alert_durability',
      text: `SELECT s AS name FROM unnest($1::text[]) AS s WHERE current_setting(s) = 'off'`,
      values: [SETTINGS],
    });
    return rows.map(({ name }) => ({
      kind: 'postgres_not_durable',
      about: name,
      summary: `PostgreSQL runs with ${name} off: what it has answered for may be lost`,
      count: 1,
      detail: { setting: name },
    }));
  }
}
