import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import type { Sent } from './support/load.program.js';
import { createEndpoints, type Installation, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { type Percentiles, percentilesOf, spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const ENDPOINTS = 50;
/** The ones that may fall silent; the other 45 are well in every variant, and they alone are measured. */
const MAY_HANG = 5;
const PER_SECOND = 200;
/** A p95 wants more values than a median. */
const SLICE_FACTOR = 2;
const GOAL = 1.2;

/** As a small installation has it: the example's provider, five calls at a time for one endpoint. */
const CONFIGURATION = `providers:
  - { name: webhooks, channel: webhook, kind: http, concurrency: 200, per_endpoint_concurrency: 5, timeout: 5s }
`;

interface Variant {
  name: string;
  hanging: number;
  sink: BenchProcess;
  silent: string[];
  healthy: Load;
  others: Load;
}

interface Load {
  source: BenchProcess;
  target: Target;
  perSecond: number;
}

/** Whether subscribers that hang cost those that are well anything. */
export function isolation(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const variants: Variant[] = [];
    for (const hanging of [0, 1, MAY_HANG]) variants.push(await variantWith(scope, cluster, hanging));
    const results = await interleave(variants, effort.repetitions, (variant, repetition) =>
      measure(variant, effort, `${variant.hanging}-${repetition}`),
    );
    return answerFrom(variants, results);
  });
}

/** An installation of its own for each variant (a Redis database too): what waits for one variant's dead endpoints is not in the others' way. */
async function variantWith(scope: Scope, cluster: Cluster, hanging: number): Promise<Variant> {
  const databaseUrl = await cluster.createMigrated(`posthaste_${hanging}`);
  const installation = installationOn(databaseUrl, `${cluster.redisUrl}/${hanging}`);
  const { process, url } = await startPosthaste(cluster, installation, 'api,relay,worker', CONFIGURATION);
  scope.own(process, (one) => one.end());
  const sink = scope.own(await startProgram('sink', 'support/sink.program.js'), (one) => one.end());
  const sinkUrl = `http://127.0.0.1:${await sink.call<number>('listen')}`;
  const endpoints = await createEndpoints(url, installation, sinkUrl, ENDPOINTS);
  const loadOn = async (chosen: string[]): Promise<Load> => ({
    source: scope.own(await startProgram('load', 'support/load.program.js'), (one) => one.end()),
    target: targetOf(url, installation, chosen),
    perSecond: (PER_SECOND * chosen.length) / ENDPOINTS,
  });
  return {
    name: hanging === 0 ? 'all 50 answer' : `${hanging} of 50 never answer${hanging === 1 ? 's' : ''}`,
    hanging,
    sink,
    silent: Array.from({ length: hanging }, (_, at) => `/hook/${at}`),
    others: await loadOn(endpoints.slice(0, MAY_HANG)),
    healthy: await loadOn(endpoints.slice(MAY_HANG)),
  };
}

const targetOf = (url: string, { apiKey }: Installation, endpoints: string[]): Target => ({
  port: Number(new URL(url).port),
  path: '/v1/notifications',
  apiKey,
  endpoints,
  batch: 1,
  duplicatesPercent: 0,
});

async function measure(variant: Variant, effort: Effort, run: string): Promise<Percentiles> {
  await variant.sink.call('silence', { paths: variant.silent });
  await pace(variant, effort.warmUpMs, `${run}-warm-up`);
  const sent = await pace(variant, effort.measureMs * SLICE_FACTOR, run);
  const times = new Map(await variant.sink.call<[string, number][]>('times'));
  return percentilesOf(sent.map((one) => times.get(one.id)! - one.sentAtMs));
}

/** Sends to all, waits for those that are well: each of theirs must have arrived. */
async function pace({ sink, healthy, others }: Variant, durationMs: number, run: string): Promise<Sent[]> {
  const paced = ({ source, target, perSecond }: Load, who: string): Promise<Sent[]> =>
    source.call<Sent[]>('paced', { target, perSecond, durationMs, run: `${run}-${who}` });
  const [sent] = await Promise.all([paced(healthy, 'healthy'), paced(others, 'others')]);
  const ids = sent.map((one) => one.id);
  await waitFor(
    `${ids.length} arrivals`,
    async () => (await sink.call<number>('missing', { ids })) === 0,
    60_000,
  );
  return sent;
}

function answerFrom(variants: readonly Variant[], results: Map<string, Percentiles[]>): Answer {
  const p95 = ({ name }: Variant): number => spreadOf(results.get(name)!.map((one) => one.p95)).median;
  const [none, , most] = variants as [Variant, Variant, Variant];
  const rows = [...results].map(([name, all]) => [
    name,
    decimal(spreadOf(all.map((one) => one.p50)).median),
    spread(spreadOf(all.map((one) => one.p95)), decimal),
    decimal(spreadOf(all.map((one) => one.p99)).median),
  ]);
  const value = p95(most) / p95(none);
  return {
    question: `What do endpoints that hang cost the other 45, at ${PER_SECOND} webhooks a second?`,
    table: [['endpoints', 'healthy p50 ms', 'p95', 'p99'], ...rows],
    ratio: {
      what: `healthy p95 with ${MAY_HANG} hanging ÷ with none`,
      value,
      goal: GOAL,
      isMet: value <= GOAL,
    },
    notes: ['From the request to the arrival; one process with all roles, queues in Redis. Each arrived.'],
    raw: Object.fromEntries(results),
  };
}
