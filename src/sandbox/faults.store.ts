import type { Pool } from 'pg';

import type { ChannelName } from '../domain/channel.js';
import type { Fault, FaultOrder, FaultSource } from './fault.js';
import { takeFault } from './sql/take-fault.js';

/** How long "there are none" is believed: a fault bites within this, and thousands of deliveries ask the database ten times a second. */
const NONE_IS_BELIEVED_MS = 100;

interface Row {
  id: string;
  channel: ChannelName;
  fault: Fault;
  times: number;
  remaining: number;
  created_at: Date;
}

/** The faults that were ordered. Taken one by one, over all processes. */
export class FaultsStore implements FaultSource {
  private readonly noneUntilMs = new Map<ChannelName, number>();
  private readonly asking = new Map<ChannelName, Promise<Fault | undefined>>();

  constructor(
    private readonly pool: Pool,
    /** Monotonic milliseconds. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  async take(channel: ChannelName): Promise<Fault | undefined> {
    // Callers of one channel ask in turn: the first "none" answers all who wait behind it.
    while (this.asking.has(channel)) await this.asking.get(channel);
    if (this.nowMs() < (this.noneUntilMs.get(channel) ?? 0)) return undefined;
    const answer = this.ask(channel);
    this.asking.set(
      channel,
      answer.catch(() => undefined),
    );
    try {
      return await answer;
    } finally {
      this.asking.delete(channel);
    }
  }

  private async ask(channel: ChannelName): Promise<Fault | undefined> {
    const fault = await takeFault(this.pool, channel);
    if (fault === undefined) this.noneUntilMs.set(channel, this.nowMs() + NONE_IS_BELIEVED_MS);
    return fault;
  }

  async order(channel: ChannelName, fault: Fault, times: number): Promise<FaultOrder> {
    await this.pool.query('DELETE FROM sandbox_faults WHERE remaining = 0');
    const { rows } = await this.pool.query<Row>(
      'INSERT INTO sandbox_faults (channel, fault, times, remaining) VALUES ($1, $2, $3, $3) RETURNING *',
      [channel, fault, times],
    );
    this.noneUntilMs.delete(channel);
    return toOrder(rows[0]!);
  }

  /** What is still to come, in the order in which it will be taken. */
  async list(): Promise<FaultOrder[]> {
    const { rows } = await this.pool.query<Row>(
      'SELECT * FROM sandbox_faults WHERE remaining > 0 ORDER BY id',
    );
    return rows.map(toOrder);
  }

  async clear(channel?: ChannelName): Promise<void> {
    await this.pool.query('DELETE FROM sandbox_faults WHERE $1::text IS NULL OR channel = $1', [
      channel ?? null,
    ]);
  }
}

const toOrder = (row: Row): FaultOrder => ({
  id: Number(row.id),
  channel: row.channel,
  fault: row.fault,
  times: row.times,
  remaining: row.remaining,
  createdAt: row.created_at,
});
