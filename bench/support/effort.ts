/** How long a question may take. */
export interface Effort {
  repetitions: number;
  warmUpMs: number;
  measureMs: number;
}

/** A question that is asked by its name. */
const THOROUGH: Effort = { repetitions: 5, warmUpMs: 1_000, measureMs: 5_000 };
/** Asked with all the others: they end within fifteen minutes together. */
const AMONG_ALL: Effort = { repetitions: 3, warmUpMs: 1_000, measureMs: 3_000 };
/** For a look, not for a figure. */
const QUICK: Effort = { repetitions: 3, warmUpMs: 500, measureMs: 2_000 };

export const isQuick = ({ measureMs }: Effort): boolean => measureMs <= QUICK.measureMs;

export function effortOf(flags: readonly string[], isAmongAll: boolean): Effort {
  if (flags.includes('--quick')) return QUICK;
  return isAmongAll ? AMONG_ALL : THOROUGH;
}
