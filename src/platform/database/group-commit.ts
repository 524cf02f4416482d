import { isRefused, isRetryable } from './sql-state.js';
import { type RestOptions, StatementRest } from './statement-rest.js';

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface GroupCommitOptions {
  /** Rows in one statement: beyond this a statement takes longer than it saves. */
  maxRows: number;
  /** Statements under way at once. */
  inFlight: number;
  /**
   * Rows that a statement beside another has at least; default 1. What two half-empty ones cost is nearly twice what one costs:
   * where nobody waits for the commit alone, the few wait for the one under way.
   */
  fewestBeside?: number;
  /** Waited between statements of few rows; default: not at all. */
  rest?: RestOptions;
}

/**
 * Gathers what concurrent callers want written while earlier commits are out, and writes it as one statement.
 *
 * An idle caller's row leaves with those that came in the same turn of the event loop: callers who were answered together
 * come back together, and the first of them alone would take a statement from the rest. Under load groups grow by
 * themselves. Each caller is answered after the commit that holds its row. A statement that PostgreSQL refuses is repeated row
 * by row, so only the guilty caller sees the error; one that lost a deadlock is repeated too, once.
 */
export class GroupCommit<T, R> {
  private readonly waiting: Waiting<T, R>[] = [];
  /** Statements. */
  private underWay = 0;
  /** Items in them. */
  private beingWritten = 0;
  private drained: (() => void)[] = [];
  private isGathering = false;
  private readonly rest: StatementRest | undefined;

  constructor(
    /** Writes the items in one commit and answers one result each, in order. */
    private readonly write: (items: T[]) => Promise<R[]>,
    private readonly options: GroupCommitOptions,
  ) {
    this.rest = options.rest && new StatementRest(options.rest, () => this.gather());
  }

  add(item: T): Promise<R> {
    const result = this.enqueue(item);
    this.gather();
    return result;
  }

  /** Several at once share commits from the first on; each stands alone. */
  addAll(items: readonly T[]): Promise<PromiseSettledResult<R>[]> {
    const results = items.map((item) => this.enqueue(item));
    this.gather();
    return Promise.allSettled(results);
  }

  /** Items gathered or being written. */
  get size(): number {
    return this.waiting.length + this.beingWritten;
  }

  /** Resolves when nothing is gathered and nothing is being written. */
  async drain(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  private enqueue(item: T): Promise<R> {
    return new Promise<R>((resolve, reject) => this.waiting.push({ item, resolve, reject }));
  }

  /** Goes on at the end of this turn. */
  private gather(): void {
    if (this.isGathering) return;
    this.isGathering = true;
    setImmediate(() => {
      this.isGathering = false;
      this.pump();
    });
  }

  private pump(): void {
    while (this.mayBegin()) {
      const group = this.waiting.splice(0, this.options.maxRows);
      this.underWay++;
      this.beingWritten += group.length;
      const begunAt = performance.now();
      void this.flush(group).finally(() => {
        this.underWay--;
        this.beingWritten -= group.length;
        this.rest?.begin(performance.now() - begunAt);
        if (this.waiting.length > 0) this.gather();
        if (this.size === 0) this.drained.splice(0).forEach((resolve) => resolve());
      });
    }
  }

  private mayBegin(): boolean {
    const { inFlight, fewestBeside = 1 } = this.options;
    if (this.underWay > 0) return this.underWay < inFlight && this.waiting.length >= fewestBeside;
    return this.waiting.length > 0 && !this.rest?.holds(this.waiting.length);
  }

  private async flush(group: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.write(group.map((one) => one.item));
      group.forEach((one, i) => one.resolve(results[i]!));
    } catch (error) {
      if (isRetryable(error) || (isRefused(error) && group.length > 1)) await this.oneByOne(group);
      else group.forEach((one) => one.reject(error));
    }
  }

  private async oneByOne(group: Waiting<T, R>[]): Promise<void> {
    for (const one of group) {
      try {
        const [result] = await this.write([one.item]);
        one.resolve(result!);
      } catch (error) {
        one.reject(error);
      }
    }
  }
}
