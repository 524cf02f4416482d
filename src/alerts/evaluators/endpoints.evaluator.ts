import type { Pool } from 'pg';

import { toPublicId } from '../../domain/public-id.js';
import type { Evaluator, Signal } from '../signal.js';

/** Each has an alert of its own, the oldest first; what is beyond is counted in one, so that a disaster is no flood. */
const OWN_ALERTS = 200;

const WORDS = {
  gone: {
    one: 'A webhook endpoint is disabled: it answered 410',
    all: 'More webhook endpoints are disabled: they answered 410',
  },
  failing: {
    one: 'A webhook endpoint is disabled: for days every call to it failed',
    all: 'More webhook endpoints are disabled: for days every call to them failed',
  },
} as const;

interface Row {
  id: string;
  reason: keyof typeof WORDS;
  at: Date;
  place: number;
  beyond: number;
}

/**
 * Endpoints that the service has switched off, each until it is enabled again or deleted. What its owner has switched off is
 * no news to anybody.
 */
export class EndpointsEvaluator implements Evaluator {
  readonly kinds = ['endpoint_disabled'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_disabled_endpoints',
      text: `SELECT id, reason, at, place::integer, beyond::integer
               FROM (SELECT id, disabled_reason AS reason, disabled_at AS at,
                            row_number() OVER (PARTITION BY disabled_reason ORDER BY disabled_at, id) AS place,
                            count(*) OVER (PARTITION BY disabled_reason) - $1::integer AS beyond
                       FROM endpoints WHERE NOT enabled AND disabled_reason IN ('gone', 'failing')) off
              WHERE place <= $1::integer + 1`,
      values: [OWN_ALERTS],
    });
    return rows.map(toSignal);
  }
}

function toSignal({ id, reason, at, place, beyond }: Row): Signal {
  const endpoint = toPublicId('endpoint', id);
  const isOwn = place <= OWN_ALERTS;
  return {
    kind: 'endpoint_disabled',
    about: isOwn ? endpoint : `more:${reason}`,
    summary: WORDS[reason][isOwn ? 'one' : 'all'],
    count: isOwn ? 1 : beyond,
    since: at,
    detail: { reason, endpoint },
  };
}
