import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import type { Sent } from './support/load.program.js';
import { type Machine, type Pipeline, sustain } from './support/pipeline.js';
import { createEndpoints, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { type Percentiles, percentilesOf, spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const QUIET_PER_SECOND = 100;
/** Of what each can keep up. */
const BUSY_SHARE = 0.6;
/** Longer slices than elsewhere: a hundred a second make few values for a p99. */
const SLICE_FACTOR = 2;
/** What each keeps up is looked for in slices of this length. */
const CAPACITY_MS = 2_000;
const RAW_CALLERS = 64;
const DOOR_CALLERS = 256;
const GOAL_MS = { redis: { p50: 10, p99: 50 }, postgresql: { p50: 20, p99: 100 } } as const;
const RAW = 'raw BullMQ on Redis';
type Backend = keyof typeof GOAL_MS;

/** One way at one rate, paced with what it is pressed with. */
interface Paced {
  name: string;
  way: Pipeline;
  isBusy: boolean;
  perSecond: number;
}

interface Measured {
  fromRequest: Percentiles;
  fromAnswer: Percentiles;
  cpuPercent: number;
}

/** How soon a notification that is accepted arrives, with little to do and with much. */
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
    const machine: Machine = { cluster, sink };
    const inTurn = (paces: readonly Paced[]): Promise<Map<string, Measured[]>> =>
      interleave(paces, effort.repetitions, (paced, repetition) =>
        measure(machine, paced, effort, String(repetition)),
      );
    const quiet = ways.map(quietly);
    const ofQuiet = await inTurn(quiet); // first: afterwards PostgreSQL has a load to clean up behind
    const capacities = await capacitiesOf(machine, ways, effort);
    const busy = ways.map((way) => busily(way, capacities.get(way.name)!));
    return answerFrom([...quiet, ...busy], new Map([...ofQuiet, ...(await inTurn(busy))]));
  });
}

/** What each can keep up, in its second slice: V8 has seen the work by then. */
async function capacitiesOf(
  machine: Machine,
  ways: readonly Pipeline[],
  effort: Effort,
): Promise<Map<string, number>> {
  const found = await interleave(ways, 2, (way, repetition) =>
    sustain(machine, way, { ...effort, measureMs: CAPACITY_MS }, `capacity-${repetition}`),
  );
  return new Map([...found].map(([name, slices]) => [name, slices.at(-1)!.perSecond]));
}

async function rawWay(scope: Scope, redisPort: number, sink: string): Promise<Pipeline> {
  const start = async (name: string, argument: object): Promise<BenchProcess> =>
    scope.own(await startProgram(name, `references/${name}.program.js`, argument), (one) => one.end());
  const source = await start('raw-add', { redisPort });
  const worker = await start('raw-work', { redisPort, sink });
  return {
    name: RAW,
    source,
    press: {},
    callers: RAW_CALLERS,
    processes: [source, worker],
    begin: () => worker.call('work', { concurrency: 50 }),
    finish: () => worker.call('rest'),
  };
}

/** One process with all roles, as a small installation runs it. */
async function posthasteWay(
  scope: Scope,
  cluster: Cluster,
  backend: Backend,
  sink: string,
): Promise<Pipeline> {
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
    press: { target },
    callers: DOOR_CALLERS,
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

const atQuiet = (name: string): string => `${name}, ${QUIET_PER_SECOND} a second`;
const atBusy = (name: string): string => `${name}, ${BUSY_SHARE * 100} % of what it can`;

const quietly = (way: Pipeline): Paced => ({
  name: atQuiet(way.name),
  way,
  isBusy: false,
  perSecond: QUIET_PER_SECOND,
});

const busily = (way: Pipeline, capacity: number): Paced => ({
  name: atBusy(way.name),
  way,
  isBusy: true,
  perSecond: Math.floor(capacity * BUSY_SHARE),
});

const nameOf = (backend: Backend): string =>
  `posthaste, queues in ${backend === 'redis' ? 'Redis' : 'PostgreSQL'}`;

async function measure(
  { cluster, sink }: Machine,
  { way, isBusy, perSecond }: Paced,
  effort: Effort,
  repetition: string,
): Promise<Measured> {
  const run = `${isBusy ? 'busy' : 'quiet'}-${repetition}`;
  await way.begin();
  const warmUp = await pace(sink, way, perSecond, effort.warmUpMs, `${run}-warm-up`);
  const durationMs = effort.measureMs * (isBusy ? 1 : SLICE_FACTOR);
  const cpuBefore = cpuOf(cluster, way);
  const { sent, times } = await pace(sink, way, perSecond, durationMs, run);
  const cpuPercent = ((cpuOf(cluster, way) - cpuBefore) * 100_000) / durationMs;
  await way.finish(warmUp.sent.length + sent.length);
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
  way: Pipeline,
  perSecond: number,
  durationMs: number,
  run: string,
): Promise<{ sent: Sent[]; times: Map<string, number> }> {
  await sink.call('forget');
  const sent = await way.source.call<Sent[]>('paced', { ...way.press, perSecond, durationMs, run });
  let count = { arrivals: 0, unique: 0 };
  await waitFor(`${sent.length} arrivals`, async () => {
    count = await sink.call<typeof count>('count');
    return count.unique >= sent.length;
  });
  if (count.arrivals !== sent.length)
    throw new Error(`${way.name}: ${sent.length} were sent, ${count.arrivals} arrived.`);
  return { sent, times: new Map(await sink.call<[string, number][]>('times')) };
}

function cpuOf(cluster: Cluster, { processes }: Pipeline): number {
  const { postgres, redis } = cluster.cpu();
  return processes.reduce((sum, one) => sum + one.cpuSeconds(), postgres + redis);
}

function answerFrom(paces: readonly Paced[], results: Map<string, Measured[]>): Answer {
  const median = (name: string, value: (one: Measured) => number): number =>
    spreadOf(results.get(name)!.map(value)).median;
  const rows = paces.map(({ name, perSecond }) => [
    name,
    whole(perSecond),
    spread(spreadOf(results.get(name)!.map((one) => one.fromRequest.p50)), decimal),
    decimal(median(name, (one) => one.fromRequest.p95)),
    decimal(median(name, (one) => one.fromRequest.p99)),
    decimal(median(name, (one) => one.fromAnswer.p50)),
    `${whole(median(name, (one) => one.cpuPercent))} %`,
  ]);
  const quiet = (way: string, percentile: 'p50' | 'p99'): number =>
    median(atQuiet(way), (one) => one.fromRequest[percentile]);
  const worst = Math.max(
    ...(Object.keys(GOAL_MS) as Backend[]).flatMap((backend) =>
      (['p50', 'p99'] as const).map((one) => quiet(nameOf(backend), one) / GOAL_MS[backend][one]),
    ),
  );
  return {
    question: `How soon does a webhook arrive, at ${QUIET_PER_SECOND} a second and at ${BUSY_SHARE * 100} % of capacity?`,
    table: [
      ['way', 'a second', 'p50 ms from the request', 'p95', 'p99', 'p50 from the 202', 'CPU of one core'],
      ...rows,
    ],
    ratio: {
      what: `of the goals at ${QUIET_PER_SECOND} a second, the worst of the four`,
      value: worst,
      goal: 1,
      isMet: worst <= 1,
    },
    notes: [
      `Goals at ${QUIET_PER_SECOND} a second: p50 10 ms and p99 50 with Redis, 20 and 100 with PostgreSQL alone.`,
      `Durable and delivered costs ${decimal(quiet(nameOf('redis'), 'p50') - quiet(RAW, 'p50'))} ms more than a queue that keeps nothing. Each arrived once.`,
      'Capacity: what each kept up with work always waiting, in between, in the same processes.',
    ],
    raw: Object.fromEntries(results),
  };
}
