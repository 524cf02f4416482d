/** How long a question may take. `--quick` is for a look, not for a figure. */
export interface Effort {
  repetitions: number;
  warmUpMs: number;
  measureMs: number;
}

const THOROUGH: Effort = { repetitions: 5, warmUpMs: 1_000, measureMs: 5_000 };
const QUICK: Effort = { repetitions: 3, warmUpMs: 500, measureMs: 2_000 };

export const effortOf = (flags: readonly string[]): Effort => (flags.includes('--quick') ? QUICK : THOROUGH);
