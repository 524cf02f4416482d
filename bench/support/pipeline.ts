import { setTimeout as pause } from 'node:timers/promises';

import type { BenchProcess } from './child-process.js';
import type { Cluster } from './cluster.js';
import type { Effort } from './effort.js';
import { whole } from './report.js';
import { spreadOf } from './statistics.js';
import { waitFor } from './wait-for.js';

/** Work in the pipeline while it is measured: more than any of them has in its hands. */
const BACKLOG = 4_000;
/** A pipeline that was just started has not reached its speed. */
const WARM_UP_FACTOR = 2;
const LOOK_EVERY_MS = 20;
/** A pipeline in which nothing moves for so long stands still. */
const STANDSTILL_MS = 60_000;

/** Something that takes notifications at one end and calls the sink at the other. */
export interface Pipeline {
  name: string;
  /** Presses: answers `press`, `learn`, `release`. */
  source: BenchProcess;
  press: object;
  /** Enough to keep a backlog: what a door gives each caller shrinks when the rest takes the machine. */
  callers: number;
  /** Kept waiting while it is measured; default 4,000. */
  backlog?: number;
  /** Measured not before so many have arrived, however long that takes; default: the warm-up's time alone. */
  warmUpArrivals?: number;
  /** Whose CPU time it costs, besides the stores'. */
  processes: readonly BenchProcess[];
  begin(): Promise<void>;
  /** Throws unless everything that was accepted was done, and only that. */
  finish(accepted: number): Promise<void>;
}

export interface Sustained {
  perSecond: number;
  /** The least that was waiting at any look while it was measured. */
  leastBacklog: number;
  /** Microseconds of CPU time for each that arrived, by process. */
  cpuMicroseconds: Record<string, number>;
}

export interface Machine {
  cluster: Cluster;
  sink: BenchProcess;
}

interface Count {
  arrivals: number;
  unique: number;
}

/** What it can keep up while there is always more to do. Ends when all that was accepted has arrived, each once. */
export async function sustain(
  machine: Machine,
  pipeline: Pipeline,
  effort: Effort,
  run: string,
): Promise<Sustained> {
  const { sink } = machine;
  const { source } = pipeline;
  await sink.call('forget');
  await pipeline.begin();
  const backlog = pipeline.backlog ?? BACKLOG;
  await source.call('press', { ...pipeline.press, connections: pipeline.callers, backlog, run });
  await press(sink, source, effort.warmUpMs * WARM_UP_FACTOR);
  await pressUntil(sink, source, pipeline.warmUpArrivals ?? 0);
  const before = { cpu: cpuOf(machine, pipeline), at: performance.now() };
  const { arrived, leastBacklog } = await press(sink, source, effort.measureMs);
  const seconds = (performance.now() - before.at) / 1000;
  const after = cpuOf(machine, pipeline);
  const accepted = await source.call<number>('release');
  await drained(sink, accepted);
  await pipeline.finish(accepted);
  const cpuMicroseconds = Object.fromEntries(
    Object.entries(after).map(([name, cpu]) => [name, ((cpu - before.cpu[name]!) * 1e6) / arrived]),
  );
  return { perSecond: arrived / seconds, leastBacklog, cpuMicroseconds };
}

/** Tells the source what has arrived, so that it holds the backlog. */
async function press(
  sink: BenchProcess,
  source: BenchProcess,
  ms: number,
): Promise<{ arrived: number; leastBacklog: number }> {
  const until = performance.now() + ms;
  const begun = (await sink.call<Count>('count')).unique;
  let now = begun;
  let leastBacklog = Infinity;
  while (performance.now() < until) {
    await pause(LOOK_EVERY_MS);
    now = (await sink.call<Count>('count')).unique;
    leastBacklog = Math.min(leastBacklog, (await source.call<number>('learn', { arrived: now })) - now);
  }
  // What has arrived may be ahead of its 202.
  return { arrived: now - begun, leastBacklog: Math.max(0, leastBacklog) };
}

async function pressUntil(sink: BenchProcess, source: BenchProcess, arrivals: number): Promise<void> {
  await arrived(sink, arrivals, async ({ unique }) => {
    await source.call('learn', { arrived: unique });
  });
}

async function drained(sink: BenchProcess, accepted: number): Promise<void> {
  const { arrivals } = await arrived(sink, accepted);
  if (arrivals !== accepted) throw new Error(`${accepted} were accepted, ${arrivals} arrived.`);
}

/** Waits as long as something moves: how long a machine takes that has other work is no fault of the pipeline's. */
async function arrived(
  sink: BenchProcess,
  wanted: number,
  tell: (count: Count) => Promise<void> = () => Promise.resolve(),
): Promise<Count> {
  let count = await sink.call<Count>('count');
  while (count.unique < wanted) {
    const before = count.unique;
    await waitFor(
      `${wanted} arrivals, and of the ${before} there were none followed`,
      async () => {
        count = await sink.call<Count>('count');
        await tell(count);
        return count.unique > before;
      },
      STANDSTILL_MS,
    );
  }
  return count;
}

function cpuOf({ cluster, sink }: Machine, { source, processes }: Pipeline): Record<string, number> {
  const own = Object.fromEntries([...processes, source, sink].map((one) => [one.name, one.cpuSeconds()]));
  return { ...own, ...cluster.cpu() };
}

/** Medians, by process. */
export function cpuText(all: readonly Sustained[]): string {
  const names = Object.keys(all[0]!.cpuMicroseconds);
  const parts = names.map(
    (name) => [name, spreadOf(all.map((one) => one.cpuMicroseconds[name]!)).median] as const,
  );
  return parts
    .filter(([, microseconds]) => microseconds >= 1)
    .map(([name, microseconds]) => `${name} ${whole(microseconds)}`)
    .join(', ');
}
