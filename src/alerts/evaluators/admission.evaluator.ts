import type { Pool } from 'pg';

import type { Lane } from '../../domain/channel.js';
import type { Evaluator, Signal } from '../signal.js';

interface Row {
  lane: Lane;
  apiKeyId: string;
  since: Date;
  refused: number;
}

/** What the door has turned away within the last half minute, as the processes that refused it have written it down. */
export class AdmissionEvaluator implements Evaluator {
  readonly kinds = ['overloaded'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_refusals',
      text: `SELECT lane, api_key_id AS "apiKeyId", since, refused::float8 AS refused
               FROM refusals WHERE last_at > now() - interval '30 s'`,
    });
    return rows.map(toSignal);
  }
}

const toSignal = ({ lane, apiKeyId, since, refused }: Row): Signal =>
  apiKeyId === ''
    ? {
        kind: 'overloaded',
        about: lane,
        summary: `The door refuses what is for the lane ${lane}: too much waits`,
        count: refused,
        since,
        detail: { lane },
      }
    : {
        kind: 'overloaded',
        about: `${lane}:${apiKeyId}`,
        summary: `The door refuses what the API key ${apiKeyId} sends to the lane ${lane}: too much of it waits`,
        count: refused,
        since,
        detail: { lane, api_key_id: apiKeyId },
      };
