import { Inject, Injectable } from '@nestjs/common';

import { CHANNELS, LANES } from '../domain/channel.js';
import { GatesStore } from '../gates/gates.store.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { WorkPool } from '../platform/database/pools.js';
import { type Figures, figuresOf } from './figures.js';
import { countCauses } from './sql/count-causes.js';
import { countOpenAlerts } from './sql/count-open-alerts.js';
import { readLanes } from './sql/read-lanes.js';
import { readBreakers, readProcesses } from './sql/read-processes.js';
import { readWindows } from './sql/read-windows.js';
import { readStanding, type Shared, takeTurn, writeStanding } from './sql/share-standing.js';

/** Everything is read anew this often at most, however many processes are scraped and however often. */
const TURN_MS = 10_000;
const ALL_LANES = CHANNELS.flatMap((channel) => LANES.map((lane) => ({ channel, lane })));
/** What came in lately is not among the figures: nothing has a higher id. */
const NOTHING_LATELY = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The figures as all processes share them. One of them reads, by turns; the others read what it wrote. */
@Injectable()
export class FiguresReader {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
  ) {}

  /** Undefined: nobody has read anything yet. */
  async read(): Promise<Shared<Figures> | undefined> {
    if (await takeTurn(this.pool, TURN_MS)) await writeStanding(this.pool, await this.look());
    return readStanding<Figures>(this.pool);
  }

  /** One after the other: on one connection of the pool, whose others are for the work itself. */
  private async look(): Promise<Figures> {
    const lanes = await readLanes(this.pool, ALL_LANES, NOTHING_LATELY);
    const queues = await readWindows(this.pool);
    const causes = await countCauses(this.pool);
    const gates = await this.gates.held();
    const breakers = await readBreakers(this.pool);
    const alerts = await countOpenAlerts(this.pool);
    const processes = await readProcesses(this.pool);
    return figuresOf({ now: this.clock.now(), lanes, queues, causes, gates, breakers, alerts, processes });
  }
}
