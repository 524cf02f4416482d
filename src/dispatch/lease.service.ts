import { hostname } from 'node:os';

import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';

import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { WorkPool } from '../platform/database/pools.js';
import { Log } from '../platform/logging/log.js';
import { VERSION } from '../platform/version.js';

const RENEW_EVERY_MS = 5_000;
/** After this the others may give this process up. */
export const LEASE_MS = 20_000;
/** Before that, by a margin for the statement and the clocks, it must have stopped calling anybody. */
const SAFE_MS = 15_000;

/**
 * This process's sign of life: one row, renewed every 5 s, read by others as dead after 20 s.
 *
 * Right before the first byte a worker asks `isSafe`, by its own monotonic clock: a process that slept through its lease
 * must not call a provider for work that others may have been given. Each renewal also tells the database's time.
 */
@Injectable()
export class LeaseService {
  readonly processId = uuidv7();
  /** Counts how often this process may have been given up: what was claimed in an earlier term may be another's now. */
  term = 0;
  private renewedAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private hasFailed = false;

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(Config) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(Log) private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    await this.renew();
    this.timer = setInterval(() => void this.renewQuietly(), RENEW_EVERY_MS);
  }

  /** Whether nobody can have given this process up yet; with a term, nor at any time since then. */
  isSafe(term = this.term): boolean {
    return term === this.term && performance.now() - this.renewedAt < SAFE_MS;
  }

  /** Ends the lease: call when nothing is under way any more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.renewedAt = -Infinity;
    await this.pool.query(`DELETE FROM processes WHERE id = $1`, [this.processId]).catch(() => undefined);
  }

  private async renewQuietly(): Promise<void> {
    try {
      await this.renew();
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed) this.log.warn('lease.renewal_failed', { err: error });
      this.hasFailed = true;
    }
  }

  /** The lease counts from before the question: the answer may have been long on its way. */
  private async renew(): Promise<void> {
    const [askedAt, askedMs] = [performance.now(), Date.now()];
    const { rows } = await this.pool.query<{ now: Date }>({
      name: 'renew_lease',
      text: `INSERT INTO processes (id, roles, host, pid, version, clock_offset_ms) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET renewed_at = clock_timestamp(), clock_offset_ms = excluded.clock_offset_ms
             RETURNING clock_timestamp() AS now`,
      values: [
        this.processId,
        this.config.environment.roles,
        hostname(),
        process.pid,
        VERSION,
        this.clock.isKnown ? this.clock.offsetMs : null,
      ],
    });
    if (askedAt - this.renewedAt >= SAFE_MS) this.term++;
    this.renewedAt = askedAt;
    this.clock.learn(rows[0]!.now.getTime(), askedMs, Date.now());
  }
}
