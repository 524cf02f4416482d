import type { Pool } from 'pg';

import type { Gauges } from './gauges.js';

/** How this process's pools stand, when it is asked. */
export function meterPools(gauges: Gauges, pools: Readonly<Record<string, Pool>>): void {
  gauges.beforeEach(async () => {
    for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
      gauges.poolConnections.set({ pool, state: 'idle' }, idleCount);
      gauges.poolConnections.set({ pool, state: 'busy' }, totalCount - idleCount);
      gauges.poolWaiting.set({ pool }, waitingCount);
    }
  });
}
