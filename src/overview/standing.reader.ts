import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import { CHANNELS, LANES } from '../domain/channel.js';
import { GatesStore } from '../gates/gates.store.js';
import type { HeldGates } from '../gates/held-gates.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { WorkPool } from '../platform/database/pools.js';
import { countFailing, type Failing } from './sql/count-failing.js';
import { type CallState, type InFlight, readCalls, readInFlight } from './sql/read-calls.js';
import { type LaneState, readLanes } from './sql/read-lanes.js';
import { type BreakerState, type LiveProcess, readBreakers, readProcesses } from './sql/read-processes.js';
import { type QueueState, readWindows } from './sql/read-windows.js';

export type { CallState, InFlight } from './sql/read-calls.js';
export type { LaneState } from './sql/read-lanes.js';
export type { BreakerState, LiveProcess } from './sql/read-processes.js';
export type { QueueState } from './sql/read-windows.js';
export type { Failing } from './sql/count-failing.js';

/** How the service stands at one moment. */
export interface Standing {
  lanes: readonly LaneState[];
  queues: readonly QueueState[];
  calls: readonly CallState[];
  inFlight: readonly InFlight[];
  breakers: readonly BreakerState[];
  processes: readonly LiveProcess[];
  gates: HeldGates;
}

const ALL_LANES = CHANNELS.flatMap((channel) => LANES.map((lane) => ({ channel, lane })));

/** Reads how the service stands, from PostgreSQL alone: it also answers while the queues do not. Every count is bounded. */
@Injectable()
export class StandingReader {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(ChannelRegistry) readonly channels: ChannelRegistry,
    @Inject(DatabaseClock) readonly clock: DatabaseClock,
  ) {}

  async read(): Promise<Standing> {
    const [lanes, queues, calls, inFlight, breakers, processes, gates] = await Promise.all([
      readLanes(this.pool, ALL_LANES, lowestIdSince(this.clock.nowMs() - 60_000)),
      readWindows(this.pool),
      readCalls(this.pool),
      readInFlight(this.pool),
      readBreakers(this.pool),
      readProcesses(this.pool),
      this.gates.held(),
    ]);
    return { lanes, queues, calls, inFlight, breakers, processes, gates };
  }

  failing(): Promise<Failing> {
    return countFailing(this.pool);
  }
}

/** The lowest UUIDv7 of a millisecond. */
function lowestIdSince(ms: number): string {
  const hex = Math.floor(ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}
