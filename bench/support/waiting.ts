import type { BenchProcess } from './child-process.js';
import { countOf } from './cluster.js';
import type { Burst } from './load.program.js';
import type { Target } from './requests.js';

const BATCH = 500;
const CALLERS = 4;
/** A pass that had begun before the pause may still let some out. */
const ROUNDS = 3;

/** Posts bulk notifications until so many wait. Whoever calls it has paused their queue. */
export async function fillUp(
  source: BenchProcess,
  target: Target,
  databaseUrl: string,
  amount: number,
  run: string,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const missing = amount - (await waitingIn(databaseUrl));
    if (missing <= 0) return;
    await post(source, target, missing, `${run}-${round}`);
  }
  const waiting = await waitingIn(databaseUrl);
  if (waiting < amount) throw new Error(`${amount} should wait, ${waiting} do.`);
}

async function post(source: BenchProcess, target: Target, amount: number, run: string): Promise<void> {
  const { statuses } = await source.call<Burst>('burst', {
    target: { ...target, lane: 'bulk', path: '/v1/notifications/batch', batch: BATCH },
    amount: Math.ceil(amount / BATCH),
    connections: CALLERS,
    run,
  });
  if (Object.keys(statuses).join() !== '200') throw new Error(`Filling up: ${JSON.stringify(statuses)}.`);
}

/** How many wait in the bulk lane. */
export const waitingIn = (databaseUrl: string): Promise<number> =>
  countOf(databaseUrl, `outbox WHERE lane = 'bulk'`);
