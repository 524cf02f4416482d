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
import { pauseQueue, resumeQueue } from './support/operator.js';
import { waitFor } from './support/wait-for.js';
import { fillUp, waitingIn } from './support/waiting.js';

const ENDPOINTS = 50;
/** The ones that may fall silent; the other 45 are well in every variant, and they alone are measured. */
const MAY_HANG = 5;
const PER_SECOND = 200;
/** A p95 wants more values than a median. */
const SLICE_FACTOR = 2;
const GOAL = 1.2;
const GOAL_BESIDE_BULK = 1.5;
/** A campaign, in the lane that is not measured. */
const BULK = 200_000;
const BULK_QUEUE = 'webhooks.bulk';

/** As a small installation has it: the example's provider, five calls at a time for one endpoint. */
const CONFIGURATION = `providers:
  - { name: webhooks, channel: webhook, kind: http, concurrency: 200, per_endpoint_concurrency: 5, timeout: 5s }
`;

interface Variant {
  name: string;
  hanging: number;
  campaign: Campaign | undefined;
  sink: BenchProcess;
  silent: string[];
  healthy: Load;
  others: Load;
}

interface Campaign {
  /** So many wait again before each measurement; they drain while it lasts. */
  refill(run: string): Promise<void>;
  letGo(): Promise<void>;
  /** Throws when it had drained before the measurement was over. */
  hold(): Promise<void>;
}

interface Load {
  source: BenchProcess;
  target: Target;
  perSecond: number;
}

/** Whether subscribers that hang, or a campaign in the other lane, cost those that are well anything. */
export function isolation(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const variants: Variant[] = [];
    for (const hanging of [0, 1, MAY_HANG])
      variants.push(await variantWith(scope, cluster, { hanging, hasCampaign: false }));
    variants.push(await variantWith(scope, cluster, { hanging: 0, hasCampaign: true }));
    const results = await interleave(variants, effort.repetitions, (variant, repetition) =>
      measure(variant, effort, `${variants.indexOf(variant)}-${repetition}`),
    );
    return answerFrom(variants, results);
  });
}

/** An installation of its own for each variant (a Redis database too): what waits for one variant's dead endpoints is not in the others' way. */
async function variantWith(
  scope: Scope,
  cluster: Cluster,
  { hanging, hasCampaign }: { hanging: number; hasCampaign: boolean },
): Promise<Variant> {
  const number = hasCampaign ? MAY_HANG + 1 : hanging;
  const databaseUrl = await cluster.createMigrated(`posthaste_${number}`);
  const installation = installationOn(databaseUrl, `${cluster.redisUrl}/${number}`);
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
  const bulkSource = scope.own(await startProgram('bulk', 'support/load.program.js'), (one) => one.end());
  const bulkTarget = targetOf(url, installation, endpoints);
  const campaign: Campaign = {
    refill: async (run) => {
      await pauseQueue(url, installation, BULK_QUEUE);
      await fillUp(bulkSource, bulkTarget, databaseUrl, BULK, run);
    },
    letGo: async () => void (await resumeQueue(url, installation, BULK_QUEUE)),
    hold: async () => {
      await pauseQueue(url, installation, BULK_QUEUE);
      if ((await waitingIn(databaseUrl)) === 0) throw new Error('The campaign was over too soon.');
    },
  };
  return {
    name: hasCampaign ? '50 answer, 200,000 bulk wait' : nameOf(hanging),
    hanging,
    campaign: hasCampaign ? campaign : undefined,
    sink,
    silent: Array.from({ length: hanging }, (_, at) => `/hook/${at}`),
    others: await loadOn(endpoints.slice(0, MAY_HANG)),
    healthy: await loadOn(endpoints.slice(MAY_HANG)),
  };
}

const nameOf = (hanging: number): string =>
  hanging === 0 ? 'all 50 answer' : `${hanging} of 50 never answer${hanging === 1 ? 's' : ''}`;

const targetOf = (url: string, { apiKey }: Installation, endpoints: string[]): Target => ({
  port: Number(new URL(url).port),
  path: '/v1/notifications',
  apiKey,
  endpoints,
  batch: 1,
  duplicatesPercent: 0,
});

async function measure(variant: Variant, effort: Effort, run: string): Promise<Percentiles> {
  const { sink, silent, campaign } = variant;
  await sink.call('silence', { paths: silent });
  await campaign?.refill(run);
  await campaign?.letGo();
  await pace(variant, effort.warmUpMs, `${run}-warm-up`);
  const sent = await pace(variant, effort.measureMs * SLICE_FACTOR, run);
  await campaign?.hold();
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
  const [none, , most, campaign] = variants as [Variant, Variant, Variant, Variant];
  const rows = [...results].map(([name, all]) => [
    name,
    decimal(spreadOf(all.map((one) => one.p50)).median),
    spread(spreadOf(all.map((one) => one.p95)), decimal),
    decimal(spreadOf(all.map((one) => one.p99)).median),
  ]);
  const value = p95(most) / p95(none);
  const besideBulk = p95(campaign) / p95(none);
  return {
    question: `What do endpoints that hang cost the other 45, and a campaign, at ${PER_SECOND} webhooks a second?`,
    table: [['endpoints', 'healthy p50 ms', 'p95', 'p99'], ...rows],
    ratio: {
      what: `healthy p95 with ${MAY_HANG} hanging ÷ with none`,
      value,
      goal: GOAL,
      isMet: value <= GOAL,
    },
    alsoJudged: [
      {
        what: `transactional p95 while ${BULK.toLocaleString('en-US')} bulk wait and drain ÷ with none`,
        value: besideBulk,
        goal: GOAL_BESIDE_BULK,
        isMet: besideBulk <= GOAL_BESIDE_BULK,
      },
    ],
    notes: ['From the request to the arrival; one process with all roles, queues in Redis. Each arrived.'],
    raw: Object.fromEntries(results),
  };
}
