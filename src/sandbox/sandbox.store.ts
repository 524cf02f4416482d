import type { Pool } from 'pg';

import type { ChannelName } from '../domain/channel.js';
import { GroupCommit } from '../platform/database/group-commit.js';
import type { Arrival, ArrivalSink, KeptArrival } from './arrival.js';
import { insertArrivals } from './sql/insert-arrivals.js';
import { type ArrivalQuery, listArrivals } from './sql/list-arrivals.js';
import { KEPT_PER_CHANNEL, trimArrivals } from './sql/trim-arrivals.js';

/** One insert is out at a time (they take turns by a lock anyway); its rows are few enough to be one JSON parameter. */
const GROUP = { maxRows: 200, inFlight: 1 } as const;
/** Arrivals between two trims of a channel: the table overshoots its bound by this much per process. */
const TRIM_EVERY_ROWS = 500;
/** Arrivals that wait for the database; past this the catcher says "not now", as a real one would. */
const MAX_WAITING_ROWS = 5_000;

/**
 * What the catchers took, the newest 10,000 of each channel. Thousands a second cost a few commits, and each caller is
 * answered only after the commit that holds its row.
 */
export class SandboxStore implements ArrivalSink {
  private readonly inserts = new GroupCommit<Arrival, void>((group) => this.insert(group), GROUP);
  private readonly sinceTrim = new Map<ChannelName, number>();
  private trimming: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly keptPerChannel = KEPT_PER_CHANNEL,
  ) {}

  async append(arrival: Arrival): Promise<void> {
    if (this.inserts.size >= MAX_WAITING_ROWS) {
      throw new Error(`Keeping an arrival was refused: ${MAX_WAITING_ROWS} others wait for the database.`);
    }
    await this.inserts.add(arrival);
  }

  list(query: ArrivalQuery): Promise<{ items: KeptArrival[]; hasMore: boolean }> {
    return listArrivals(this.pool, query);
  }

  async clear(channel?: ChannelName): Promise<void> {
    await this.pool.query('DELETE FROM sandbox_messages WHERE $1::text IS NULL OR channel = $1', [
      channel ?? null,
    ]);
  }

  /** Resolves when nothing is under way: call it before the pool ends. */
  async settle(): Promise<void> {
    await this.inserts.drain();
    await this.trimming;
  }

  private async insert(group: readonly Arrival[]): Promise<void[]> {
    await insertArrivals(this.pool, group);
    for (const { channel } of group) this.count(channel);
    return group.map(() => undefined);
  }

  private count(channel: ChannelName): void {
    const rows = (this.sinceTrim.get(channel) ?? 0) + 1;
    const isDue = rows >= Math.min(TRIM_EVERY_ROWS, this.keptPerChannel);
    this.sinceTrim.set(channel, isDue ? 0 : rows);
    // Nobody waits for a trim, and one that failed is made up for by the next.
    if (isDue) this.trimming = this.trimming.then(() => this.trim(channel)).catch(() => undefined);
  }

  private async trim(channel: ChannelName): Promise<void> {
    while (await trimArrivals(this.pool, channel, this.keptPerChannel));
  }
}
