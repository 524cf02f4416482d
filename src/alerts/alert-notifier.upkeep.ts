import { toPublicId } from '../domain/public-id.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import type { AlertTargets, Target } from './alert-targets.js';
import type { AlertsStore, OwedNews } from './alerts.store.js';
import { type News, newsIdOf } from './news.js';

/** Longer than any call: news whose teller died is told by another after this. */
const LEASE_MS = 45_000;
const FIRST_BACK_OFF_MS = 1_000;
const BACK_OFF_MAX_MS = 300_000;
/** Who has not listened for a day reads the list of alerts instead. */
const PATIENCE_MS = 86_400_000;
/** Told to one target in one run: then a shutdown gets its turn. */
const PER_RUN = 20;

/**
 * Tells the targets, from every process, what each has still to hear.
 *
 * Promises: each hears of an alert in order, once in the normal case; who dies between telling and writing it down makes it
 * twice, under one id. A target that is down keeps no other waiting, and nothing else.
 */
export class AlertNotifier implements UpkeepService {
  readonly name = 'alert_notifier';
  readonly everyMs = 1_000;
  readonly isExclusive = false; // each piece of news is leased

  private readonly stopping = new AbortController();

  constructor(
    private readonly store: AlertsStore,
    private readonly targets: AlertTargets,
    private readonly gauges: Gauges,
    private readonly log: Log,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const told = await Promise.all(this.targets.all.map((target) => this.tellAll(target)));
    return { told: told.reduce((sum, one) => sum + one, 0) };
  }

  /** Cuts the calls under way: what they tell is told again. */
  stop(): void {
    this.stopping.abort();
  }

  /** Until it fails or nothing is owed: who does not take one takes no other. */
  private async tellAll(target: Target): Promise<number> {
    for (let told = 0; told < PER_RUN; told++) {
      const owed = this.stopping.signal.aborted
        ? undefined
        : await this.store.claimNews(target.name, LEASE_MS);
      if (!owed || !(await this.tell(target, owed))) return told;
    }
    return PER_RUN;
  }

  private async tell(target: Target, owed: OwedNews): Promise<boolean> {
    const fault = await target.tell(newsOf(owed), this.stopping.signal, owed.tries);
    const result = fault === undefined ? 'told' : 'failed';
    this.gauges.alertCalls.inc({ target: target.name, result });
    if (fault === undefined) {
      await this.store.markDelivered(target.name, owed);
      return true;
    }
    const delayMs = Math.min(BACK_OFF_MAX_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(owed.tries - 1, 20));
    const isGivenUp = await this.store.markFailed(target.name, owed, fault, delayMs, PATIENCE_MS);
    if (owed.tries === 1 || isGivenUp) {
      const event = isGivenUp ? 'alert.given_up' : 'alert.not_told';
      this.log.error(event, { target_name: target.name, kind: owed.kind, fault });
    }
    return false;
  }
}

const newsOf = (owed: OwedNews): News => ({
  id: newsIdOf(owed.alertId, owed.news),
  event: owed.event,
  at: owed.at,
  alert: {
    id: toPublicId('alert', owed.alertId),
    key: owed.alertKey,
    kind: owed.kind,
    severity: owed.severity,
    summary: owed.summary,
    count: owed.count,
    since: owed.since,
    raisedAt: owed.raisedAt,
    detail: owed.detail,
  },
});
