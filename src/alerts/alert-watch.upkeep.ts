import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { UpkeepService } from '../upkeep/upkeep.service.js';
import type { AlertKind } from './alert-kinds.js';
import type { AlertsStore, Change, Look } from './alerts.store.js';
import type { Evaluator, Signal } from './signal.js';
import type { Quiet } from './sql/resolve-unseen.js';

const EVERY_MS = 2_000;
/** A look takes milliseconds, and this long when PostgreSQL or the queue hardly answer: then nobody else looks meanwhile. */
const LONGEST_LOOK_MS = 30_000;
/** Before the next look of anybody; the timers are staggered by a tenth. */
const FREE_IN_MS = EVERY_MS * 0.8;
const TURN = 'look';

/**
 * Looks at everything, one process at a time, and writes down what is wrong now.
 *
 * Promises: an evaluator that fails keeps nobody else from looking, and what it could not look at is neither raised nor
 * resolved. Leaves telling to AlertNotifier.
 */
export class AlertWatch implements UpkeepService {
  readonly name = 'alert_watch';
  readonly everyMs = EVERY_MS;
  readonly isExclusive = false; // it takes its turn by time: see take-turn

  private readonly failing = new Set<Evaluator>();

  constructor(
    private readonly evaluators: readonly Evaluator[],
    private readonly store: AlertsStore,
    private readonly settings: Quiet & { targets: readonly string[] },
    private readonly gauges: Gauges,
    private readonly log: Log,
  ) {}

  /** What became news, by what it was. */
  async runOnce(): Promise<Record<string, number>> {
    const number = await this.store.takeTurn(TURN, LONGEST_LOOK_MS);
    if (number === undefined) return {};
    const look = await this.look();
    const { targets } = this.settings;
    const turn = { name: TURN, number, freeInMs: FREE_IN_MS };
    const changes = await this.store.settle(turn, look, this.settings, targets);
    changes.forEach((change) => this.say(change));
    return Object.fromEntries(
      (['raised', 'repeated', 'resolved'] as const).map((event) => [
        event,
        changes.filter((one) => one.event === event).length,
      ]),
    );
  }

  private async look(): Promise<Look> {
    const kinds: AlertKind[] = [];
    const signals: Signal[] = [];
    for (const evaluator of this.evaluators) {
      const found = await this.evaluate(evaluator);
      if (!found) continue;
      kinds.push(...evaluator.kinds);
      signals.push(...found);
    }
    return { kinds, signals };
  }

  private async evaluate(evaluator: Evaluator): Promise<Signal[] | undefined> {
    try {
      const signals = await evaluator.evaluate();
      this.failing.delete(evaluator);
      return signals;
    } catch (error) {
      if (!this.failing.has(evaluator))
        this.log.warn('alerts.not_evaluated', { kinds: evaluator.kinds.join(' '), err: error });
      this.failing.add(evaluator);
      return undefined;
    }
  }

  private say({ kind, alertKey, event, count }: Change): void {
    this.gauges.alerts.inc({ kind, event });
    const fields = { kind, key: alertKey, count };
    if (event === 'resolved') this.log.info('alert.resolved', fields);
    else this.log.warn(`alert.${event}`, fields);
  }
}
