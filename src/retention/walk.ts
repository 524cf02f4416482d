import type { PoolClient } from 'pg';

import { lowestIdFrom } from '../notifications/id-range.js';
import type { RetentionTask, Step } from './retention-task.js';
import { takeHeld } from './sql/held.js';

/** What is walked over: rows whose ids (UUIDv7) are in the order of time. */
export interface Ground {
  /** Ids after one and before another, in their order. */
  page(tx: PoolClient, after: string, before: string, limit: number): Promise<string[]>;
  /** Erases those of them that may go; answers which. */
  erase(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<readonly string[]>;
  /** Notes, of these, those there is still something to erase of, to be looked at when they may be old enough. */
  hold(tx: PoolClient, task: string, ids: readonly string[], ageMs: number): Promise<void>;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Erases what is older than its age, oldest first, without ever reading a row twice: a cursor over the ids passes every row
 * once. What may not go yet (it waits, is in doubt, has ended only lately) is held aside and looked at when its time comes.
 */
export class Walk implements RetentionTask {
  constructor(
    readonly name: string,
    private readonly ageMs: number,
    private readonly ground: Ground,
    /** By the database's clock, ms: ids are older than their age by the same clock that says when rows changed. */
    private readonly nowMs: () => number,
  ) {}

  async step(tx: PoolClient, reached: string | undefined, limit: number): Promise<Step> {
    const held = await takeHeld(tx, this.name, limit);
    const erasedHeld = await this.erase(tx, held);
    await this.ground.hold(tx, this.name, erasedHeld.left, this.ageMs);
    const after = reached ?? FIRST_ID;
    const before = lowestIdFrom(new Date(this.nowMs() - this.ageMs));
    const page = await this.ground.page(tx, after, before, limit);
    const erased = await this.erase(tx, page);
    await this.ground.hold(tx, this.name, erased.left, this.ageMs);
    return {
      reached: page.at(-1) ?? after,
      erased: erasedHeld.gone.length + erased.gone.length,
      isCaughtUp: page.length < limit && held.length < limit,
    };
  }

  private async erase(
    tx: PoolClient,
    ids: readonly string[],
  ): Promise<{ gone: readonly string[]; left: string[] }> {
    if (ids.length === 0) return { gone: [], left: [] };
    const gone = await this.ground.erase(tx, ids, this.ageMs);
    const isGone = new Set(gone);
    return { gone, left: ids.filter((id) => !isGone.has(id)) };
  }
}
