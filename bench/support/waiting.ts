import type { BenchProcess } from './child-process.js';
import { countOf } from './cluster.js';
import type { Burst } from './load.program.js';
import type { Target } from './requests.js';

const BATCH = 500;
const CALLERS = 4;

/** Posts bulk notifications until so many wait. Whoever calls it has paused their queue. */
export async function fillUp(
  source: BenchProcess,
  target: Target,
  databaseUrl: string,
  amount: number,
  run: string,
): Promise<void> {
  const missing = amount - (await waitingIn(databaseUrl));
  if (missing <= 0) return;
  const { statuses } = await source.call<Burst>('burst', {
    target: { ...target, lane: 'bulk', path: '/v1/notifications/batch', batch: BATCH },
    amount: Math.ceil(missing / BATCH),
    connections: CALLERS,
    run,
  });
  if (Object.keys(statuses).join() !== '200') throw new Error(`Filling up: ${JSON.stringify(statuses)}.`);
  const waiting = await waitingIn(databaseUrl);
  if (waiting < amount) throw new Error(`${amount} should wait, ${waiting} do.`);
}

/** How many wait in the bulk lane. */
export const waitingIn = (databaseUrl: string): Promise<number> =>
  countOf(databaseUrl, `outbox WHERE lane = 'bulk'`);
