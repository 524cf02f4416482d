import { Log } from '../platform/logging/log.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import type { AlertTargets } from './alert-targets.js';
import type { AlertsStore } from './alerts.store.js';

const BEAT_EVERY_MS = 60_000;

/** Calls a URL each minute, from one process, and only while PostgreSQL answers: something outside notices the silence. */
export class Heartbeat implements UpkeepService {
  readonly name = 'alert_heartbeat';
  readonly everyMs = 5_000;
  readonly isExclusive = false; // it takes its turn by time

  private readonly stopping = new AbortController();

  constructor(
    private readonly store: AlertsStore,
    private readonly targets: AlertTargets,
    private readonly log: Log,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    if ((await this.store.takeTurn('heartbeat', BEAT_EVERY_MS)) === undefined) return {};
    const fault = await this.targets.beat(this.stopping.signal);
    if (fault !== undefined) this.log.warn('heartbeat.not_heard', { fault });
    return {};
  }

  stop(): void {
    this.stopping.abort();
  }
}
