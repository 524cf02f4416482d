import type { Pool } from 'pg';

import type { ChannelName } from '../domain/channel.js';
import type { Arrival, ArrivalSink, KeptArrival } from './arrival.js';
import { insertArrivals } from './sql/insert-arrivals.js';
import { type ArrivalQuery, listArrivals } from './sql/list-arrivals.js';
import { KEPT_PER_CHANNEL, trimArrivals } from './sql/trim-arrivals.js';

/** Rows of one insert: past this a statement gains nothing more from being shared. */
const BATCH_ROWS = 500;
/** Characters of one insert: what is parsed as one JSON parameter stays small beside the database's memory. */
const BATCH_CHARACTERS = 4_000_000;
/** Arrivals between two trims of a channel: the table overshoots its bound by this much per process. */
const TRIM_EVERY_ROWS = 500;
/** Arrivals that wait for the database; past this the catcher says "not now", as a real one would. */
const MAX_PENDING_ROWS = 10_000;

interface Pending {
  arrival: Arrival;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * What the catchers took, newest 10,000 of each channel. While one insert is out the next arrivals gather, so thousands a
 * second cost a few commits; each caller is answered only after the commit that holds its row.
 */
export class SandboxStore implements ArrivalSink {
  private pending: Pending[] = [];
  private writing: Promise<void> | undefined;
  private readonly sinceTrim = new Map<ChannelName, number>();

  constructor(
    private readonly pool: Pool,
    private readonly keptPerChannel = KEPT_PER_CHANNEL,
  ) {}

  append(arrival: Arrival): Promise<void> {
    if (this.pending.length >= MAX_PENDING_ROWS) {
      return Promise.reject(
        new Error(`Keeping an arrival failed: ${MAX_PENDING_ROWS} others wait for the database.`),
      );
    }
    return new Promise((resolve, reject) => {
      this.pending.push({ arrival, resolve, reject });
      this.writing ??= this.writeAll();
    });
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
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.nextBatch();
      try {
        await insertArrivals(
          this.pool,
          batch.map((one) => one.arrival),
        );
        for (const one of batch) one.resolve();
        await this.trim(batch);
      } catch (error) {
        // A trim that failed rejects nobody: its callers are answered, and the next one makes up for it.
        for (const one of batch) one.reject(error);
      }
    }
    this.writing = undefined;
  }

  private nextBatch(): Pending[] {
    let rows = 0;
    for (let characters = 0; rows < this.pending.length && rows < BATCH_ROWS; rows++) {
      characters += this.pending[rows]!.arrival.raw.length;
      if (rows > 0 && characters > BATCH_CHARACTERS) break;
    }
    return this.pending.splice(0, rows);
  }

  private async trim(batch: readonly Pending[]): Promise<void> {
    for (const { arrival } of batch) {
      this.sinceTrim.set(arrival.channel, (this.sinceTrim.get(arrival.channel) ?? 0) + 1);
    }
    for (const [channel, rows] of this.sinceTrim) {
      if (rows < Math.min(TRIM_EVERY_ROWS, this.keptPerChannel)) continue;
      this.sinceTrim.set(channel, 0);
      while (await trimArrivals(this.pool, channel, this.keptPerChannel));
    }
  }
}
