import { Inject, Injectable } from '@nestjs/common';

import type { GateHolder, GateKind, Hold } from '../domain/gate.js';
import { WorkPool } from '../platform/database/pools.js';
import { HeldGates } from './held-gates.js';

interface Row {
  kind: GateKind;
  key: string;
  heldBy: GateHolder;
  untilMs: number | null;
  since: Date;
  detail: string | null;
}

/** What may go out now: holds are taken and let go here, and everybody who sends obeys them. */
@Injectable()
export class GatesStore {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** Holds a gate; a longer hold of the same holder stands. `forMs` undefined: until it is let go. */
  async hold(
    kind: GateKind,
    key: string,
    heldBy: GateHolder,
    forMs: number | undefined,
    detail: string,
  ): Promise<void> {
    await this.pool.query({
      name: 'hold_gate',
      text: `INSERT INTO gates AS g (kind, key, held_by, held_until, detail)
             VALUES ($1, $2, $3, coalesce(now() + $4 * interval '1 ms', 'infinity'), $5)
             ON CONFLICT (kind, key, held_by) DO UPDATE
               SET held_until = greatest(g.held_until, excluded.held_until), detail = excluded.detail,
                   since = CASE WHEN g.held_until > now() THEN g.since ELSE now() END`,
      values: [kind, key, heldBy, forMs ?? null, detail],
    });
  }

  /** Whether there was such a hold. Relays are woken: what waited may go. */
  async release(kind: GateKind, key: string, heldBy: GateHolder): Promise<boolean> {
    const { rowCount } = await this.pool.query({
      name: 'release_gate',
      text: `WITH released AS (DELETE FROM gates WHERE kind = $1 AND key = $2 AND held_by = $3 RETURNING held_until > now() AS was_held)
             SELECT pg_notify('posthaste_outbox', '') FROM released WHERE was_held`,
      values: [kind, key, heldBy],
    });
    return rowCount === 1;
  }

  /** Every hold in force. */
  async held(): Promise<HeldGates> {
    const { rows } = await this.pool.query<Row>({
      name: 'held_gates',
      text: `SELECT kind, key, held_by AS "heldBy", since, detail,
                    CASE WHEN isfinite(held_until) THEN (extract(epoch FROM held_until) * 1000)::float8 END AS "untilMs"
               FROM gates WHERE held_until > now() ORDER BY kind, key`,
    });
    return new HeldGates(
      rows.map(({ untilMs, ...row }): Hold => ({
        ...row,
        until: untilMs === null ? undefined : new Date(untilMs),
      })),
    );
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
