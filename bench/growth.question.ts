import { lowestIdPast } from '../src/notifications/id-range.js';
import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf, query } from './support/cluster.js';
import { type Effort, isQuick } from './support/effort.js';
import { interleave } from './support/interleave.js';
import { type Listing, timeLists } from './support/lists.js';
import type { ClosedLoopResult } from './support/load.program.js';
import { pauseQueue } from './support/operator.js';
import { tell } from './support/progress.js';
import { type Pipeline, sustain, type Sustained } from './support/pipeline.js';
import { createEndpoints, type Installation, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { type Place, seedOld, seedWaiting } from './support/seed.js';
import { spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const DOOR_CALLERS = 64;
const CALLERS = 256;
const ENDPOINTS = 10;
const BULK_QUEUE = 'webhooks.bulk';
const MILLION = 1_000_000;
const WAITING = 200_000;
/** Of a service that has sent for years, against one that was just installed. */
const GOAL = 0.9;

interface Stock {
  name: string;
  old: number;
  waiting: number;
}

const stocksFor = (effort: Effort): Stock[] => {
  const [some, many] = isQuick(effort) ? [MILLION / 10, MILLION / 2] : [MILLION, 5 * MILLION];
  return [
    { name: 'empty', old: 0, waiting: 0 },
    { name: `${whole(some)} old`, old: some, waiting: 0 },
    { name: `${whole(many)} old`, old: many, waiting: 0 },
    { name: `${whole(WAITING)} waiting`, old: 0, waiting: WAITING },
  ];
};

/** One installation with its stock, in a database of its own. */
interface Site extends Place {
  name: string;
  stock: Stock;
  number: number;
  url: string;
  door: BenchProcess;
  target: Target;
  /** On disk, bytes an old notification; NaN where there are none. */
  bytesEach: { table: number; indexes: number; attempts: number };
}

interface Delivered extends Sustained {
  /** How often a caller was answered 503, and asked again. */
  repeats: number;
}

/** CPU time in microseconds and log in bytes, of one that was accepted. */
interface Accepted {
  perSecond: number;
  doorCpu: number;
  postgresCpu: number;
  wal: number;
  fullPages: number;
}

interface Machine {
  cluster: Cluster;
  sink: BenchProcess;
  load: BenchProcess;
}

/** What years of notifications, or a long backlog, cost those of today. */
export function growth(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const sink = scope.own(await startProgram('sink', 'support/sink.program.js'), (one) => one.end());
    const load = scope.own(await startProgram('load', 'support/load.program.js'), (one) => one.end());
    const machine: Machine = { cluster, sink, load };
    const sinkUrl = `http://127.0.0.1:${await sink.call<number>('listen')}`;
    const sites: Site[] = [];
    for (const stock of stocksFor(effort))
      sites.push(await openSite(scope, cluster, stock, sites.length, sinkUrl));
    const lists = new Map<string, Listing[]>();
    for (const site of sites) lists.set(site.name, await timeLists(site));
    tell('accepts');
    const accepted = await interleave(sites, effort.repetitions, (site, repetition) =>
      accept(machine, site, effort, repetition),
    );
    tell('sends');
    const pipelines: Pipeline[] = [];
    for (const site of sites) pipelines.push(await pipelineOf(scope, machine, site));
    const delivered = await interleave(pipelines, effort.repetitions, async (pipeline, repetition) => ({
      ...(await sustain(machine, pipeline, effort, `delivered-${repetition}`)),
      repeats: await pipeline.source.call<number>('repeats'),
    }));
    return answerFrom(sites, accepted, delivered, lists);
  });
}

async function openSite(
  scope: Scope,
  cluster: Cluster,
  stock: Stock,
  number: number,
  sinkUrl: string,
): Promise<Site> {
  tell(`site ${stock.name}`);
  const databaseUrl = await cluster.createMigrated(`posthaste_${number}`);
  const installation: Installation = installationOn(databaseUrl, `${cluster.redisUrl}/${number}`);
  const { process: door, url } = await startPosthaste(cluster, installation, 'api');
  scope.own(door, (one) => one.end());
  const endpoints = await createEndpoints(url, installation, sinkUrl, ENDPOINTS);
  const place: Place = { databaseUrl, installation, endpoints };
  await pauseQueue(url, installation, BULK_QUEUE);
  if (stock.old > 0) await seedOld(place, stock.old);
  const bytesEach = await sizes(databaseUrl, stock.old);
  if (stock.waiting > 0) await seedWaiting(place, stock.waiting);
  const target: Target = {
    port: Number(new URL(url).port),
    path: '/v1/notifications',
    apiKey: installation.apiKey,
    endpoints,
    batch: 1,
    duplicatesPercent: 0,
  };
  return { ...place, name: stock.name, stock, number, url, door, target, bytesEach };
}

async function sizes(databaseUrl: string, rows: number): Promise<Site['bytesEach']> {
  const [row] = await query<{ table: string; indexes: string; attempts: string }>(
    databaseUrl,
    `SELECT pg_table_size('notifications') AS "table", pg_indexes_size('notifications') AS indexes,
            pg_total_relation_size('attempts') AS attempts`,
  );
  const each = (bytes: string): number => (rows === 0 ? Number.NaN : Number(bytes) / rows);
  return { table: each(row!.table), indexes: each(row!.indexes), attempts: each(row!.attempts) };
}

/** Before any relay runs: what is accepted here is not owed, and leaves the outbox afterwards. */
async function accept(
  { cluster, load }: Machine,
  site: Site,
  effort: Effort,
  repetition: number,
): Promise<Accepted> {
  const { databaseUrl, door, target } = site;
  const owed = await countOf(databaseUrl, 'outbox');
  const before = {
    door: door.cpuSeconds(),
    postgres: cluster.cpu().postgres,
    log: await logOf(databaseUrl),
  };
  const result = await load.call<ClosedLoopResult>('closedLoop', {
    target,
    connections: DOOR_CALLERS,
    warmUpMs: effort.warmUpMs,
    durationMs: effort.measureMs,
    run: `accepted-${repetition}`,
  });
  const each = (amount: number): number => amount / result.accepted;
  const log = await logOf(databaseUrl);
  const measured = {
    perSecond: result.requestsPerSecond,
    doorCpu: each(door.cpuSeconds() - before.door) * 1e6,
    postgresCpu: each(cluster.cpu().postgres - before.postgres) * 1e6,
    wal: each(log.bytes - before.log.bytes),
    fullPages: each(log.fullPages - before.log.fullPages),
  };
  const unanswered = (await countOf(databaseUrl, 'outbox')) - owed - result.accepted;
  if (unanswered < 0 || unanswered > result.refused)
    throw new Error(
      `${site.name}: ${result.accepted} accepted, ${result.refused} refused, ${unanswered} more owed.`,
    );
  await query(databaseUrl, `DELETE FROM outbox WHERE lane = 'transactional'`);
  await query(databaseUrl, 'VACUUM outbox');
  return measured;
}

/** What the cluster has logged so far. */
async function logOf(databaseUrl: string): Promise<{ bytes: number; fullPages: number }> {
  const [row] = await query<{ bytes: number; fullPages: number }>(
    databaseUrl,
    `SELECT wal_bytes::float8 AS bytes, wal_fpi::float8 AS "fullPages" FROM pg_stat_wal`,
  );
  return row!;
}

async function pipelineOf(scope: Scope, { cluster, load }: Machine, site: Site): Promise<Pipeline> {
  const { databaseUrl, installation } = site;
  const rest = await startPosthaste(cluster, installation, 'relay,worker');
  scope.own(rest.process, (one) => one.end());
  const since = lowestIdPast(new Date(Date.now() - 600_000)); // seeds are an hour old at least
  const done = `notifications WHERE id > '${since}' AND status = 'delivered'`;
  let delivered = 0;
  return {
    name: site.name,
    source: load,
    callers: CALLERS,
    press: { target: site.target },
    processes: [site.door, rest.process],
    begin: () => Promise.resolve(),
    finish: async (accepted) => {
      delivered += accepted;
      await waitFor(
        `${delivered} delivered`,
        async () => (await countOf(databaseUrl, done)) === delivered,
        60_000,
      );
      const waiting = await countOf(databaseUrl, 'outbox');
      if (waiting !== site.stock.waiting) throw new Error(`${site.name}: ${waiting} wait.`);
    },
  };
}

function answerFrom(
  sites: readonly Site[],
  accepted: Map<string, Accepted[]>,
  delivered: Map<string, Delivered[]>,
  lists: Map<string, Listing[]>,
): Answer {
  const ratios = (all: Map<string, { perSecond: number }[]>, name: string): number[] =>
    all.get(name)!.map((one, at) => one.perSecond / all.get(sites[0]!.name)![at]!.perSecond);
  const median = (values: readonly number[]): number => spreadOf(values).median;
  const ofAccepted = (name: string, of: keyof Accepted): number =>
    median(accepted.get(name)!.map((one) => one[of]));
  const rows = sites.map(({ name }) => [
    name,
    spread(spreadOf(accepted.get(name)!.map((one) => one.perSecond))),
    spread(spreadOf(ratios(accepted, name)), decimal),
    whole(ofAccepted(name, 'postgresCpu')),
    whole(ofAccepted(name, 'wal')),
    decimal(ofAccepted(name, 'fullPages')),
    spread(spreadOf(delivered.get(name)!.map((one) => one.perSecond))),
    spread(spreadOf(ratios(delivered, name)), decimal),
    whole(median(delivered.get(name)!.map((one) => one.cpuMicroseconds['postgres']!))),
  ]);
  const most = sites.reduce((a, b) => (a.stock.old >= b.stock.old ? a : b));
  const longest = sites.reduce((a, b) => (a.stock.waiting >= b.stock.waiting ? a : b));
  const value = Math.min(
    ...[most, longest].flatMap(({ name }) => [
      median(ratios(accepted, name)),
      median(ratios(delivered, name)),
    ]),
  );
  const { table, indexes, attempts } = most.bytesEach;
  const repeats = [...delivered.values()].flat().reduce((sum, one) => sum + one.repeats, 0);
  return {
    question: 'What do old notifications and a long backlog cost?',
    table: [
      [
        'stock',
        'accepted/s',
        '÷ empty',
        'PostgreSQL µs',
        'WAL bytes',
        'full pages',
        'webhooks/s',
        '÷ empty',
        'PostgreSQL µs',
      ],
      ...rows,
    ],
    ratio: {
      what: `${most.name} and ${longest.name} ÷ empty, the worst of the four`,
      value,
      goal: GOAL,
      isMet: value >= GOAL,
    },
    notes: [
      `Right after a checkpoint ${most.name} accept ${decimal(ratios(accepted, most.name)[0]!)} of empty: the first of the repetitions.`,
      `On disk, each of ${most.name}: ${whole(table)} bytes, ${whole(indexes)} in its indexes, ${whole(attempts)} for its attempt.`,
      ...lists
        .get(most.name)!
        .map(
          ({ what, p50, p95, found }) =>
            `${what}: p50 ${decimal(p50)} ms, p95 ${decimal(p95)} ms (${found} found)`,
        ),
      `Every 202 is in the outbox; what the pipeline took is delivered, and what waited still waits; ${whole(repeats)} times a caller was told to ask again.`,
    ],
    raw: {
      bytesEach: Object.fromEntries(sites.map(({ name, bytesEach }) => [name, bytesEach])),
      accepted: Object.fromEntries(accepted),
      delivered: Object.fromEntries(delivered),
      lists: Object.fromEntries(lists),
    },
  };
}
