import { hostname } from 'node:os';

import type { LeaseService } from '../dispatch/lease.service.js';
import type { DatabaseClock } from '../platform/clock/database-clock.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { toPublicId } from '../domain/public-id.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import type { AlertTargets, Target } from './alert-targets.js';
import type { AlertsStore } from './alerts.store.js';
import { type News, type NewsEvent, newsIdOf } from './news.js';
import type { Outage } from './outage.js';

/** Beside the lease's own 15 s: a process that was asleep renews its lease within these, and nobody need know. */
const CERTAIN_MS = 6_000;
const BACK_OFF_MAX_MS = 60_000;

/** What one target has still to hear, in order. */
interface Owed {
  target: Target;
  news: News[];
  tries: number;
  nextAt: number;
}

/**
 * Says that PostgreSQL is gone, which no row can: each process for itself, from memory, once, and once that it is back.
 *
 * "Gone" is a lease that cannot be renewed, or a door that is told that the disk is full: a lease is renewed in place. What could not be told when this
 * process ends is lost with it; the heartbeat, which is silent by then, stands behind it.
 */
export class DatabaseWatch implements UpkeepService {
  readonly name = 'database_watch';
  readonly everyMs = 2_000;
  readonly isExclusive = false; // PostgreSQL may not be there to say whose turn it is

  private readonly owed: Owed[];
  private readonly stopping = new AbortController();
  private unsafeSince: number | undefined;
  private outage: Outage | undefined;

  constructor(
    private readonly lease: Pick<LeaseService, 'isSafe'>,
    private readonly store: AlertsStore,
    targets: AlertTargets,
    private readonly clock: DatabaseClock,
    private readonly gauges: Gauges,
    private readonly log: Log,
  ) {
    this.owed = targets.all.map((target) => ({ target, news: [], tries: 0, nextAt: 0 }));
  }

  async runOnce(): Promise<Record<string, number>> {
    if (this.lease.isSafe()) await this.onSafe();
    else this.onUnsafe();
    await Promise.all(this.owed.map((one) => this.tellNext(one)));
    return {};
  }

  stop(): void {
    this.stopping.abort();
  }

  private onUnsafe(): void {
    this.unsafeSince ??= performance.now();
    if (this.outage || performance.now() - this.unsafeSince < CERTAIN_MS) return;
    const where = `${hostname()}:${process.pid}`;
    this.outage = {
      id: timeOrderedId(),
      where,
      summary: `PostgreSQL takes nothing from ${where}: requests are refused with 503, deliveries hold`,
      since: new Date(this.clock.nowMs() - (performance.now() - this.unsafeSince)),
      raisedAt: this.clock.now(),
    };
    this.announce('raised', this.outage);
    this.log.error('alert.raised', { kind: 'postgres_unavailable', key: 'postgres_unavailable' });
  }

  private async onSafe(): Promise<void> {
    this.unsafeSince = undefined;
    if (!this.outage) return;
    const { outage } = this;
    const isTold = this.owed.some(({ news }) => news.length === 0);
    await this.store.recordOutage(outage, isTold);
    this.outage = undefined;
    this.announce('resolved', outage);
    this.log.info('alert.resolved', { kind: 'postgres_unavailable', key: 'postgres_unavailable' });
  }

  private announce(event: NewsEvent, outage: Outage): void {
    this.gauges.alerts.inc({ kind: 'postgres_unavailable', event });
    this.owed.forEach((one) => {
      one.news.push(newsOf(event, outage, this.clock.now()));
      one.nextAt = 0;
    });
  }

  /** One at a time, the first first; what fails is told again, later each time. */
  private async tellNext(owed: Owed): Promise<void> {
    const [news] = owed.news;
    if (!news || performance.now() < owed.nextAt) return;
    owed.tries++;
    const fault = await owed.target.tell(news, this.stopping.signal, owed.tries);
    this.gauges.alertCalls.inc({ target: owed.target.name, result: fault === undefined ? 'told' : 'failed' });
    if (fault !== undefined) {
      owed.nextAt = performance.now() + Math.min(BACK_OFF_MAX_MS, 1_000 * 2 ** Math.min(owed.tries, 10));
      return;
    }
    owed.news.shift();
    owed.tries = 0;
  }
}

const newsOf = (event: NewsEvent, outage: Outage, at: Date): News => ({
  id: newsIdOf(outage.id, event === 'raised' ? 1 : 2),
  event,
  at,
  alert: {
    id: toPublicId('alert', outage.id),
    key: `postgres_unavailable:${outage.where}`,
    kind: 'postgres_unavailable',
    severity: 'critical',
    summary: outage.summary,
    count: 1,
    since: outage.since,
    raisedAt: outage.raisedAt,
    detail: { process: outage.where },
  },
});
