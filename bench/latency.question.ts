import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import type { Sent } from './support/load.program.js';
import { createEndpoints, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { type Percentiles, percentilesOf, spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const PER_SECOND = 100;
/** Longer slices than elsewhere: a hundred a second make few values for a p99. */
const SLICE_FACTOR = 2;
const GOAL_MS = { redis: 10, postgresql: 20 } as const;
type Backend = keyof typeof GOAL_MS;

interface Way {
  name: string;
  source: BenchProcess;
  paced: object;
  processes: readonly BenchProcess[];
  begin(): Promise<unknown>;
  finish(sent: number): Promise<unknown>;
}

interface Measured {
  fromRequest: Percentiles;
  fromAnswer: Percentiles;
  cpuPercent: number;
}

/** How soon a notification that is accepted arrives, when there is little to do. */
export function latency(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const sink = scope.own(await startProgram('sink', 'support/sink.program.js'), (one) => one.end());
    const url = `http://127.0.0.1:${await sink.call<number>('listen')}`;
    const ways = [
      await rawWay(scope, Number(new URL(cluster.redisUrl).port), url),
      await posthasteWay(scope, cluster, 'redis', url),
      await posthasteWay(scope, cluster, 'postgresql', url),
    ];
    const results = await interleave(ways, effort.repetitions, (way, repetition) =>
      measure(cluster, sink, way, effort, String(repetition)),
    );
    return answerFrom(results);
  });
}

async function rawWay(scope: Scope, redisPort: number, sink: string): Promise<Way> {
  const start = async (name: string, argument: object): Promise<BenchProcess> =>
    scope.own(await startProgram(name, `references/${name}.program.js`, argument), (one) => one.end());
  const source = await start('raw-add', { redisPort });
  const worker = await start('raw-work', { redisPort, sink });
  return {
    name: 'raw BullMQ on Redis',
    source,
    paced: {},
    processes: [source, worker],
    begin: () => worker.call('work', { concurrency: 50 }),
    finish: () => worker.call('rest'),
  };
}

/** One process with all roles, as a small installation runs it. */
async function posthasteWay(scope: Scope, cluster: Cluster, backend: Backend, sink: string): Promise<Way> {
  const databaseUrl = await cluster.createMigrated(`posthaste_${backend}`);
  const installation = installationOn(databaseUrl, backend === 'redis' ? cluster.redisUrl : undefined);
  const { process, url } = await startPosthaste(cluster, installation, 'api,relay,worker');
  scope.own(process, (one) => one.end());
  const source = scope.own(await startProgram('load', 'support/load.program.js'), (one) => one.end());
  const endpoints = await createEndpoints(url, installation, sink, 10);
  const target: Target = {
    port: Number(new URL(url).port),
    path: '/v1/notifications',
    apiKey: installation.apiKey,
    endpoints,
    batch: 1,
    duplicatesPercent: 0,
  };
  let delivered = 0;
  return {
    name: nameOf(backend),
    source,
    paced: { target },
    processes: [process],
    begin: () => Promise.resolve(),
    finish: async (sent) => {
      delivered += sent;
      await waitFor(
        `${delivered} delivered`,
        async () => (await countOf(databaseUrl, `notifications WHERE status = 'delivered'`)) === delivered,
      );
    },
  };
}

const nameOf = (backend: Backend): string =>
  `posthaste, queues in ${backend === 'redis' ? 'Redis' : 'PostgreSQL'}`;

async function measure(
  cluster: Cluster,
  sink: BenchProcess,
  way: Way,
  effort: Effort,
  run: string,
): Promise<Measured> {
  await way.begin();
  await pace(sink, way, effort.warmUpMs, `${run}-warm-up`);
  const durationMs = effort.measureMs * SLICE_FACTOR;
  const cpuBefore = cpuOf(cluster, way);
  const { sent, times } = await pace(sink, way, durationMs, run);
  const cpuPercent = ((cpuOf(cluster, way) - cpuBefore) * 100_000) / durationMs;
  await way.finish(sent.length + Math.floor((PER_SECOND * effort.warmUpMs) / 1000));
  return {
    fromRequest: percentilesOf(sent.map((one) => times.get(one.id)! - one.sentAtMs)),
    // Who is quick has arrived before its caller has read the 202.
    fromAnswer: percentilesOf(sent.map((one) => Math.max(0, times.get(one.id)! - one.answeredAtMs))),
    cpuPercent,
  };
}

/** Sends at the pace and waits until all has arrived, each once. */
async function pace(
  sink: BenchProcess,
  way: Way,
  durationMs: number,
  run: string,
): Promise<{ sent: Sent[]; times: Map<string, number> }> {
  await sink.call('forget');
  const sent = await way.source.call<Sent[]>('paced', {
    ...way.paced,
    perSecond: PER_SECOND,
    durationMs,
    run,
  });
  let count = { arrivals: 0, unique: 0 };
  await waitFor(`${sent.length} arrivals`, async () => {
    count = await sink.call<typeof count>('count');
    return count.unique >= sent.length;
  });
  if (count.arrivals !== sent.length)
    throw new Error(`${way.name}: ${sent.length} were sent, ${count.arrivals} arrived.`);
  return { sent, times: new Map(await sink.call<[string, number][]>('times')) };
}

function cpuOf(cluster: Cluster, { processes }: Way): number {
  const { postgres, redis } = cluster.cpu();
  return processes.reduce((sum, one) => sum + one.cpuSeconds(), postgres + redis);
}

function answerFrom(results: Map<string, Measured[]>): Answer {
  const median = (all: readonly Measured[], value: (one: Measured) => number): number =>
    spreadOf(all.map(value)).median;
  const rows = [...results].map(([name, all]) => [
    name,
    spread(spreadOf(all.map((one) => one.fromRequest.p50)), decimal),
    decimal(median(all, (one) => one.fromRequest.p95)),
    decimal(median(all, (one) => one.fromRequest.p99)),
    decimal(median(all, (one) => one.fromAnswer.p50)),
    `${whole(median(all, (one) => one.cpuPercent))} %`,
  ]);
  const p50 = (backend: Backend): number =>
    median(results.get(nameOf(backend))!, (one) => one.fromRequest.p50);
  const raw = median(results.get('raw BullMQ on Redis')!, (one) => one.fromRequest.p50);
  const isMet = p50('redis') <= GOAL_MS.redis && p50('postgresql') <= GOAL_MS.postgresql;
  return {
    question: `How soon does a webhook arrive, at ${PER_SECOND} a second?`,
    table: [['way', 'p50 ms from the request', 'p95', 'p99', 'p50 from the 202', 'CPU of one core'], ...rows],
    ratio: { what: 'p50 of the goal of 10 ms, Redis', value: p50('redis') / GOAL_MS.redis, goal: 1, isMet },
    notes: [
      `Goals: p50 ${GOAL_MS.redis} ms with Redis, ${GOAL_MS.postgresql} ms with PostgreSQL alone (here ${decimal(p50('postgresql'))} ms).`,
      `Durable and delivered costs ${decimal(p50('redis') - raw)} ms more than a queue that keeps nothing. Each arrived once.`,
    ],
    raw: Object.fromEntries(results),
  };
}
