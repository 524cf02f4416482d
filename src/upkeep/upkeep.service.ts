/** Work that keeps the promises which no request and no hint keeps: each service puts one thing right, once a call. */
export interface UpkeepService {
  readonly name: string;
  /** How often, at least. Milliseconds. */
  readonly everyMs: number;
  /** Whether only one process does it at a time (under an advisory lock), or each does its own. */
  readonly isExclusive: boolean;
  /** What was put right, by what it was. */
  runOnce(): Promise<Record<string, number>>;
}
