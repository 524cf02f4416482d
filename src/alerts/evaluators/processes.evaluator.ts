import type { Pool } from 'pg';

import type { Evaluator, Signal } from '../signal.js';

/** Leases, `webhook-timestamp` and expiry go by the database's clock; logs and files of that machine do not. */
const SKEW_MS = 5_000;

interface Row {
  host: string;
  processes: number;
  offsetMs: number;
}

/** Machines whose clocks are not the database's, as their own heartbeats say. */
export class ProcessesEvaluator implements Evaluator {
  readonly kinds = ['clock_skew'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_clock_skew',
      text: `SELECT host, count(*)::integer AS processes, max(abs(clock_offset_ms))::float8 AS "offsetMs"
               FROM processes
              WHERE abs(clock_offset_ms) > $1 AND renewed_at > now() - interval '20 s' GROUP BY host`,
      values: [SKEW_MS],
    });
    return rows.map(({ host, processes, offsetMs }) => ({
      kind: 'clock_skew',
      about: host,
      summary: `The clock of ${host} is not that of the database`,
      count: processes,
      detail: { host, offset_ms: offsetMs },
    }));
  }
}
