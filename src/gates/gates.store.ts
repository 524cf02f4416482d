import { Inject, Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';

import type { GateHolder, GateKind, Hold } from '../domain/gate.js';
import { WAKE_RELAYS } from '../domain/wake-up.js';
import { WorkPool } from '../platform/database/pools.js';
import { GatesUnderTrial, HeldGates } from './held-gates.js';

/** The pool, or the caller's transaction. */
type Queryable = Pool | PoolClient;

/** Whose word it is when no process's own breaker said so: an operator's. */
const NO_PROCESS = '00000000-0000-0000-0000-000000000000';

interface Row {
  kind: GateKind;
  key: string;
  heldBy: GateHolder;
  untilMs: number | null;
  since: Date;
  detail: string | null;
  apiKeyId: string | null;
  isInForce: boolean;
}

/** Holders whose time being over proves nothing: a single call finds out. A Retry-After is kept by being waited for. */
const TRIED_AFTER = `'breaker', 'endpoint', 'configuration'`;

/** From the calls under way (`attempts_open` holds no others) to their gates, two lookups by key each. */
const UNDER_TRIAL = `
  SELECT DISTINCT g.kind, g.key
    FROM attempts a
   CROSS JOIN LATERAL (VALUES ('provider', a.provider), ('endpoint', a.endpoint_id::text)) AS called (kind, key)
    JOIN gates g ON g.kind = called.kind AND g.key = called.key AND g.held_by IN (${TRIED_AFTER})
   WHERE a.outcome IS NULL AND g.held_until <= now()
     AND a.started_at >= greatest(g.held_until, now() - $1 * interval '1 ms')`;

/** What may go out now: holds are taken and let go here, and everybody who sends obeys them. */
@Injectable()
export class GatesStore {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** Holds a gate; a longer hold of the same holder stands. `forMs` undefined: until it is let go. `apiKeyId`: whose word it is. */
  async hold(
    kind: GateKind,
    key: string,
    heldBy: GateHolder,
    forMs: number | undefined,
    detail: string,
    db: Queryable = this.pool,
    apiKeyId: string | null = null,
  ): Promise<void> {
    await db.query({
      name: 'hold_gate',
      text: `INSERT INTO gates AS g (kind, key, held_by, held_until, detail, api_key_id)
             VALUES ($1, $2, $3, coalesce(now() + $4 * interval '1 ms', 'infinity'), $5, $6)
             ON CONFLICT (kind, key, held_by) DO UPDATE
               SET held_until = greatest(g.held_until, excluded.held_until), detail = excluded.detail,
                   api_key_id = excluded.api_key_id,
                   since = CASE WHEN g.held_until > now() THEN g.since ELSE now() END`,
      values: [kind, key, heldBy, forMs ?? null, detail, apiKeyId],
    });
  }

  /**
   * Whether there was such a hold. Relays are woken: what waited may go. A provider that opens recovers: the same commit
   * begins its ramp, with a single token. Endpoints have none: their windows learn how much they take.
   */
  release(kind: GateKind, key: string, heldBy: GateHolder, db: Queryable = this.pool): Promise<boolean> {
    return this.end(kind, key, heldBy, true, db);
  }

  /**
   * As `release`, for the success of a call that was let through when a hold's time was over. What has been said since then
   * stands: whoever looked at the gates half a second ago cannot know that an operator has closed one.
   */
  releaseOver(kind: GateKind, key: string, heldBy: GateHolder): Promise<boolean> {
    return this.end(kind, key, heldBy, false, this.pool);
  }

  private async end(
    kind: GateKind,
    key: string,
    heldBy: GateHolder,
    isInForceToo: boolean,
    db: Queryable,
  ): Promise<boolean> {
    const { rowCount } = await db.query({
      name: 'release_gate',
      text: `WITH released AS (
               DELETE FROM gates WHERE kind = $1 AND key = $2 AND held_by = $3 AND ($4 OR held_until <= now())
               RETURNING kind, key
             ), recovering AS (
               INSERT INTO allowances AS a (kind, key, tokens, filled_at, ramp_since)
               SELECT kind, key, 1, clock_timestamp(), clock_timestamp() FROM released WHERE kind = 'provider'
               ON CONFLICT (kind, key) DO UPDATE
                 SET tokens = least(a.tokens, 1), filled_at = excluded.filled_at, ramp_since = excluded.ramp_since
             )
             SELECT ${WAKE_RELAYS} FROM released`,
      values: [kind, key, heldBy, isInForceToo],
    });
    return rowCount === 1;
  }

  /**
   * What a process's breaker says of a provider. Once half of the live workers say `open`, the gate is held for `resetMs`;
   * answers whether it is. One statement, so that the last to speak sees the others.
   */
  async reportBreaker(processId: string, provider: string, state: string, resetMs: number): Promise<boolean> {
    const { rows } = await this.pool.query<{ isMost: boolean }>({
      name: 'report_breaker',
      text: `WITH said AS (
               INSERT INTO breakers (process_id, provider, state) VALUES ($1, $2, $3)
               ON CONFLICT (process_id, provider) DO UPDATE SET state = excluded.state, changed_at = now()
             ), kept AS (
               INSERT INTO breaker_changes (provider, process_id, state) VALUES ($2, $1, $3)
             ), workers AS (
               SELECT p.id, p.id = $1 OR EXISTS (
                        SELECT FROM breakers b WHERE b.process_id = p.id AND b.provider = $2 AND b.state = 'open') AS is_open
                 FROM processes p WHERE 'worker' = ANY (p.roles) AND p.renewed_at > now() - interval '20 s'
             )
             SELECT $3 = 'open' AND count(*) FILTER (WHERE is_open) * 2 >= count(*) AS "isMost" FROM workers`,
      values: [processId, provider, state],
    });
    if (!rows[0]!.isMost) return false;
    await this.hold('provider', provider, 'breaker', resetMs, 'most of its calls fail');
    return true;
  }

  /** An operator's word that a provider is well, in the caller's transaction: workers hear of it within seconds. */
  async closeBreaker(provider: string, tx: PoolClient): Promise<void> {
    await this.release('provider', provider, 'breaker', tx);
    await tx.query(`UPDATE breakers SET state = 'closed', changed_at = now() WHERE provider = $1`, [
      provider,
    ]);
    await tx.query(`INSERT INTO breaker_changes (provider, process_id, state) VALUES ($1, $2, 'closed')`, [
      provider,
      NO_PROCESS,
    ]);
  }

  /** What operators have closed within the last minute; `at` tells one word from the next. */
  async closedByOperators(providers: readonly string[]): Promise<{ provider: string; at: string }[]> {
    const { rows } = await this.pool.query<{ provider: string; at: string }>({
      name: 'closed_by_operators',
      text: `SELECT provider, at::text FROM breaker_changes
              WHERE provider = ANY ($1::text[]) AND process_id = $2 AND at > now() - interval '1 minute'`,
      values: [providers, NO_PROCESS],
    });
    return rows;
  }

  /** Every hold in force, and what is being tried again after one. */
  async held(db: Queryable = this.pool): Promise<HeldGates> {
    const { rows } = await db.query<Row>({
      name: 'held_gates',
      text: `SELECT kind, key, held_by AS "heldBy", since, detail, api_key_id AS "apiKeyId",
                    held_until > now() AS "isInForce",
                    CASE WHEN isfinite(held_until) THEN (extract(epoch FROM held_until) * 1000)::float8 END AS "untilMs"
               FROM gates WHERE held_until > now() OR held_by IN (${TRIED_AFTER}) ORDER BY kind, key`,
    });
    const holds = rows.filter((row) => row.isInForce).map(toHold);
    return new HeldGates(
      holds,
      rows.filter((row) => !row.isInForce),
    );
  }

  /** Gates at which a call is under way that began when their time was over, and not longer ago than `withinMs`. */
  async underTrial(withinMs: number, db: Queryable = this.pool): Promise<GatesUnderTrial> {
    const { rows } = await db.query<{ kind: GateKind; key: string }>({
      name: 'gates_under_trial',
      text: UNDER_TRIAL,
      values: [withinMs],
    });
    return new GatesUnderTrial(rows);
  }

  /** Rows that hold nothing any more. */
  async forget(): Promise<number> {
    const { rowCount } = await this.pool.query({
      name: 'forget_gates',
      text: `DELETE FROM gates WHERE kind IN ('provider', 'endpoint') AND held_until < now() - interval '1 hour'`,
    });
    return rowCount ?? 0;
  }
}

const toHold = ({ kind, key, heldBy, since, detail, apiKeyId, untilMs }: Row): Hold => ({
  kind,
  key,
  heldBy,
  since,
  detail,
  apiKeyId,
  until: untilMs === null ? undefined : new Date(untilMs),
});
