import type { Pool } from 'pg';

import type { Evaluator, Signal } from '../signal.js';
import { findNeglected, type Neglected } from '../sql/find-neglected.js';

const WORDS: Record<keyof Neglected, string> = {
  isOverdue: 'what has expired still waits',
  isLost: 'hints that were lost are not found again',
  isAbandoned: 'calls of dead workers are not given up',
};

/** Whether upkeep does its work, by the work: a process that lives and does nothing looks well by its heartbeat. */
export class UpkeepEvaluator implements Evaluator {
  readonly kinds = ['upkeep_silent'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    const neglected = await findNeglected(this.pool);
    const words = (Object.keys(WORDS) as (keyof Neglected)[])
      .filter((what) => neglected[what])
      .map((what) => WORDS[what]);
    if (words.length === 0) return [];
    return [
      {
        kind: 'upkeep_silent',
        about: '',
        summary: `Upkeep is not done: ${words.join('; ')}`,
        count: words.length,
      },
    ];
  }
}
