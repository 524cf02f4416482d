import type { Queues } from '../../queues/queues.js';
import type { Evaluator, Signal } from '../signal.js';

/** The queues' backend: away, not writable, or set up so that hints are lost. What is owed is not in it: it is a delay. */
export class QueueBackendEvaluator implements Evaluator {
  readonly kinds = ['queue_unavailable', 'queue_unwritable', 'redis_misconfigured'] as const;

  /** What cannot be asked just now is as it was. */
  private settings: Signal[] = [];

  constructor(private readonly queues: Queues) {}

  async evaluate(): Promise<Signal[]> {
    const { fault, settings } = await this.queues.inspect();
    if (fault?.kind === 'away') {
      const summary = 'The queues do not answer: nothing is handed to workers';
      return [one('queue_unavailable', '', summary), ...this.settings];
    }
    this.settings = settings.map(({ name, is, wanted }) =>
      one('redis_misconfigured', name, `Redis runs with ${name} ${is}; it should be ${wanted}`),
    );
    if (!fault) return this.settings;
    const summary = `The queues take nothing (${fault.code}): nothing is handed to workers`;
    return [one('queue_unwritable', '', summary), ...this.settings];
  }
}

const one = (kind: Signal['kind'], about: string, summary: string): Signal => ({
  kind,
  about,
  summary,
  count: 1,
});
