import type { Pool, PoolClient } from 'pg';

import { BUDGET_SLOTS, type SendSlot } from '../../domain/retry-budget.js';
import type { BucketLevel } from '../../domain/token-bucket.js';

/** What is written of a provider. */
export interface Standing {
  /** Undefined: nobody has taken a token yet. */
  level: BucketLevel | undefined;
  /** Since its gate opened after an outage; undefined: it has had none. */
  rampMs: number | undefined;
  slots: readonly SendSlot[];
  /** How old the present slot is. */
  presentMs: number;
  /** By the database's clock, milliseconds since the epoch. */
  nowMs: number;
}

interface Row {
  provider: string;
  tokens: number | null;
  idleMs: number | null;
  rampMs: number | null;
  slots: [age: number, firsts: number, retries: number][] | null;
  nowMs: number;
}

const SLOT_MS = 5_000;

/**
 * A configuration's hold that is over is let go by the first call that succeeds; until then its ramp counts from where it ended.
 * `statement_timestamp()`, because the reader may have waited for its turn inside its transaction.
 */
const READ_STANDINGS = `
  SELECT p.name AS provider, a.tokens,
         (extract(epoch FROM statement_timestamp() - a.filled_at) * 1000)::float8 AS "idleMs",
         (extract(epoch FROM statement_timestamp() - greatest(a.ramp_since, g.held_until)) * 1000)::float8 AS "rampMs",
         s.slots, (extract(epoch FROM statement_timestamp()) * 1000)::float8 AS "nowMs"
    FROM unnest($1::text[]) AS p (name)
    LEFT JOIN allowances a ON a.kind = 'provider' AND a.key = p.name
    LEFT JOIN gates g ON g.kind = 'provider' AND g.key = p.name AND g.held_by = 'configuration'
                     AND g.held_until <= statement_timestamp()
    LEFT JOIN LATERAL (
      SELECT json_agg(json_build_array(present.slot - o.slot, o.firsts, o.retries)) AS slots
        FROM (SELECT floor(extract(epoch FROM statement_timestamp()) * 1000 / ${SLOT_MS})::bigint AS slot) present
        JOIN sends o ON o.kind = 'provider' AND o.key = p.name AND o.slot > present.slot - ${BUDGET_SLOTS}) s ON true`;

export async function readStandings(
  db: Pool | PoolClient,
  providers: readonly string[],
): Promise<Map<string, Standing>> {
  const { rows } = await db.query<Row>({ name: 'read_standings', text: READ_STANDINGS, values: [providers] });
  return new Map(rows.map((row) => [row.provider, toStanding(row)]));
}

const toStanding = ({ tokens, idleMs, rampMs, slots, nowMs }: Row): Standing => ({
  level: tokens === null ? undefined : { tokens, idleMs: idleMs! },
  rampMs: rampMs ?? undefined,
  // A slot counted by a statement that began a moment later is the present one, too.
  slots: (slots ?? []).map(([age, firsts, retries]) => ({ age: Math.max(0, age), firsts, retries })),
  presentMs: nowMs % SLOT_MS,
  nowMs,
});
