import type { PoolClient } from 'pg';

/** What one small step came to. */
export interface Step {
  /** Up to where everything has been looked at: an id. */
  reached: string;
  /** How many rows were erased. */
  erased: number;
  /** Nothing older than the age is left to be looked at. */
  isCaughtUp: boolean;
}

/** One kind of thing that is kept for a time, erased in steps. */
export interface RetentionTask {
  readonly name: string;
  /** Goes on from `reached` (undefined: the beginning) by at most `limit` rows, in the caller's transaction. */
  step(tx: PoolClient, reached: string | undefined, limit: number): Promise<Step>;
}
