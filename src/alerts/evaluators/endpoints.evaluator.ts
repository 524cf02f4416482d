import type { Pool } from 'pg';

import { toPublicId } from '../../domain/public-id.js';
import type { Evaluator, Signal } from '../signal.js';

const WORDS = {
  gone: 'Webhook endpoints are disabled: they answered 410',
  failing: 'Webhook endpoints are disabled: for days every call to them failed',
} as const;

interface Row {
  reason: keyof typeof WORDS;
  count: number;
  first: Date;
  exampleId: string;
}

/** Endpoints that the service has switched off, by why. What its owner has switched off is no news to anybody. */
export class EndpointsEvaluator implements Evaluator {
  readonly kinds = ['endpoint_disabled'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_disabled_endpoints',
      text: `SELECT disabled_reason AS reason, count(*)::integer AS count, min(disabled_at) AS first,
                    (array_agg(id ORDER BY disabled_at DESC))[1] AS "exampleId"
               FROM endpoints WHERE NOT enabled AND disabled_reason IN ('gone', 'failing') GROUP BY disabled_reason`,
    });
    return rows.map(({ reason, count, first, exampleId }) => ({
      kind: 'endpoint_disabled',
      about: reason,
      summary: WORDS[reason],
      count,
      since: first,
      detail: { reason, last: toPublicId('endpoint', exampleId) },
    }));
  }
}
