import type { Queues } from '../../queues/queues.js';
import type { Evaluator, Signal } from '../signal.js';

/** The queues' backend: away, not writable, or set up so that hints are lost. What is owed is not in it: it is a delay. */
export class QueueBackendEvaluator implements Evaluator {
  readonly kinds = ['queue_unavailable', 'queue_unwritable', 'redis_misconfigured'] as const;

  constructor(private readonly queues: Queues) {}

  async evaluate(): Promise<Signal[]> {
    const { fault, settings } = await this.queues.inspect();
    if (fault?.kind === 'away') {
      return [one('queue_unavailable', '', 'The queues do not answer: nothing is handed to workers')];
    }
    return [
      ...(fault
        ? [
            one(
              'queue_unwritable',
              '',
              `The queues take nothing (${fault.code}): nothing is handed to workers`,
            ),
          ]
        : []),
      ...settings.map(({ name, is, wanted }) =>
        one('redis_misconfigured', name, `Redis runs with ${name} ${is}; it should be ${wanted}`),
      ),
    ];
  }
}

const one = (kind: Signal['kind'], about: string, summary: string): Signal => ({
  kind,
  about,
  summary,
  count: 1,
});
