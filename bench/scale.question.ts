import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf, query } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import type { ClosedLoopResult } from './support/load.program.js';
import { cpuText, type Pipeline, sustain, type Sustained } from './support/pipeline.js';
import { createEndpoints, type Installation, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const WORKERS = [1, 2, 3] as const;
const DOORS = [1, 2] as const;
const CALLERS = 256;
const DOOR_CALLERS = 64;
const ENDPOINTS = 10;

interface Site {
  cluster: Cluster;
  databaseUrl: string;
  installation: Installation;
  sink: BenchProcess;
  load: BenchProcess;
  endpoints: string[];
  /** Two of them, always running; a question uses one or both. */
  doors: { process: BenchProcess; url: string }[];
}

interface Doors {
  perSecond: number;
  doorCpu: number;
  postgresCpu: number;
}

/** What more processes of a role bring where they share the machine with everything else. */
export function scale(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const site = await openSite(scope);
    const doors = await interleave(
      DOORS.map((count) => ({ name: doorsName(count), count })),
      effort.repetitions,
      ({ count }, repetition) => accept(site, count, effort, repetition),
    );
    const relay = scope.own((await startPosthaste(site.cluster, site.installation, 'relay')).process, (one) =>
      one.end(),
    );
    const delivered = { count: 0 };
    const workers = await interleave(
      WORKERS.map((count) => workersPipeline(scope, site, relay, count, delivered)),
      effort.repetitions,
      (pipeline, repetition) => sustain(site, pipeline, effort, `${pipeline.name}-${repetition}`),
    );
    return answerFrom(doors, workers);
  });
}

async function openSite(scope: Scope): Promise<Site> {
  const cluster = scope.own(await Cluster.start(true), (one) => one.end());
  const databaseUrl = await cluster.createMigrated('posthaste');
  const installation = installationOn(databaseUrl, cluster.redisUrl);
  const doors = [];
  for (let at = 0; at < Math.max(...DOORS); at++) {
    const door = await startPosthaste(cluster, installation, 'api');
    scope.own(door.process, (one) => one.end());
    doors.push(door);
  }
  const start = async (name: string): Promise<BenchProcess> =>
    scope.own(await startProgram(name, `support/${name}.program.js`), (one) => one.end());
  const sink = await start('sink');
  const sinkUrl = `http://127.0.0.1:${await sink.call<number>('listen')}`;
  const endpoints = await createEndpoints(doors[0]!.url, installation, sinkUrl, ENDPOINTS);
  return { cluster, databaseUrl, installation, sink, load: await start('load'), endpoints, doors };
}

function targetOf({ doors, installation, endpoints }: Site, count: number): Target {
  const [port, ...morePorts] = doors.slice(0, count).map(({ url }) => Number(new URL(url).port));
  return {
    port: port!,
    morePorts,
    path: '/v1/notifications',
    apiKey: installation.apiKey,
    endpoints,
    batch: 1,
    duplicatesPercent: 0,
  };
}

async function accept(site: Site, count: number, effort: Effort, repetition: number): Promise<Doors> {
  const { cluster, databaseUrl, load } = site;
  const used = site.doors.slice(0, count);
  const doorCpu = (): number => used.reduce((sum, { process }) => sum + process.cpuSeconds(), 0);
  const before = {
    rows: await countOf(databaseUrl, 'notifications'),
    door: doorCpu(),
    postgres: cluster.cpu().postgres,
  };
  const result = await load.call<ClosedLoopResult>('closedLoop', {
    target: targetOf(site, count),
    connections: DOOR_CALLERS,
    warmUpMs: effort.warmUpMs,
    durationMs: effort.measureMs,
    run: `doors-${count}-${repetition}`,
  });
  const each = (seconds: number): number => (seconds * 1e6) / result.accepted;
  const measured = {
    perSecond: result.requestsPerSecond,
    doorCpu: each(doorCpu() - before.door),
    postgresCpu: each(cluster.cpu().postgres - before.postgres),
  };
  const stored = (await countOf(databaseUrl, 'notifications')) - before.rows;
  if (stored !== result.accepted) throw new Error(`${result.accepted} were accepted, ${stored} are stored.`);
  // No relay runs yet: what was only to be accepted is not owed.
  await query(databaseUrl, 'TRUNCATE outbox');
  return measured;
}

function workersPipeline(
  scope: Scope,
  site: Site,
  relay: BenchProcess,
  count: number,
  delivered: { count: number },
): Pipeline {
  const processes: BenchProcess[] = [site.doors[0]!.process, relay];
  const workers: BenchProcess[] = [];
  return {
    name: `${count} worker${count === 1 ? '' : 's'}`,
    source: site.load,
    callers: CALLERS,
    press: { target: targetOf(site, 1) },
    processes,
    begin: async () => {
      while (workers.length < count) {
        const { process } = await startPosthaste(site.cluster, site.installation, 'worker');
        workers.push(scope.own(process, (one) => one.end()));
      }
      processes.push(...workers);
    },
    finish: async (accepted) => {
      delivered.count += accepted;
      const isDone = async (): Promise<boolean> =>
        (await countOf(site.databaseUrl, `notifications WHERE status = 'delivered'`)) === delivered.count;
      await waitFor(`${delivered.count} delivered`, isDone, 60_000);
      processes.length = 2;
      for (const worker of workers.splice(0)) await worker.end();
    },
  };
}

const doorsName = (count: number): string => `${count} door${count === 1 ? '' : 's'}, accept alone`;

function answerFrom(doors: Map<string, Doors[]>, workers: Map<string, Sustained[]>): Answer {
  const first = <R extends { perSecond: number }>(all: Map<string, R[]>): R[] => [...all.values()][0]!;
  const ratios = (all: readonly { perSecond: number }[], by: readonly { perSecond: number }[]): number[] =>
    all.map((one, at) => one.perSecond / by[at]!.perSecond);
  const row = (
    name: string,
    all: readonly { perSecond: number }[],
    by: readonly { perSecond: number }[],
    cpu: string,
  ): string[] => [
    name,
    spread(spreadOf(all.map((one) => one.perSecond))),
    spread(spreadOf(ratios(all, by)), decimal),
    cpu,
  ];
  const median = (values: number[]): string => whole(spreadOf(values).median);
  const rows = [
    ...[...doors].map(([name, all]) =>
      row(
        name,
        all,
        first(doors),
        `door ${median(all.map((one) => one.doorCpu))}, postgres ${median(all.map((one) => one.postgresCpu))}`,
      ),
    ),
    ...[...workers].map(([name, all]) => row(name, all, first(workers), cpuText(all))),
  ];
  const two = workers.get('2 workers')!;
  return {
    question: 'What do more processes bring on this machine?',
    table: [['processes', 'a second', '÷ one', 'CPU µs each'], ...rows],
    ratio: { what: 'two workers ÷ one', value: spreadOf(ratios(two, first(workers))).median },
    notes: [
      'Everything shares the cores, callers and stores too: more processes bring what one leaves idle, and no more.',
      'All that was accepted is stored and delivered, each once.',
    ],
    raw: { doors: Object.fromEntries(doors), workers: Object.fromEntries(workers) },
  };
}
