import { NAIVE_SCHEMA } from './references/naive-schema.js';
import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf, query } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import { cpuText, type Machine, type Pipeline, sustain, type Sustained } from './support/pipeline.js';
import { createEndpoints, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const GOAL = 1.3;
const RAW_CONCURRENCIES = [25, 50, 100, 200] as const;
const RAW_CALLERS = 64;
/** With fewer the workers, which share the machine, eat faster than the door is let to serve. */
const DOOR_CALLERS = 256;
const RAW_BEHIND_DOOR = 'raw BullMQ behind an HTTP door';
const ENDPOINTS = 10;

/** How fast accepted notifications become signed webhooks and records, beside a queue that keeps nothing. */
export function endToEnd(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const sink = scope.own(await startProgram('sink', 'support/sink.program.js'), (one) => one.end());
    const url = `http://127.0.0.1:${await sink.call<number>('listen')}`;
    const redisPort = Number(new URL(cluster.redisUrl).port);
    const pipelines = [
      ...(await rawPipelines(scope, redisPort, url)),
      await naivePipeline(scope, cluster, redisPort, url),
      await posthastePipeline(scope, cluster, url),
    ];
    const machine: Machine = { cluster, sink };
    const results = await interleave(pipelines, effort.repetitions, (pipeline, repetition) =>
      sustain(machine, pipeline, effort, String(repetition)),
    );
    return answerFrom(results);
  });
}

type Start = (name: string, file: string, argument?: object) => Promise<BenchProcess>;

const starterIn =
  (scope: Scope): Start =>
  async (name, file, argument = {}) =>
    scope.own(await startProgram(name, file, argument), (one) => one.end());

async function rawPipelines(scope: Scope, redisPort: number, sink: string): Promise<Pipeline[]> {
  const start = starterIn(scope);
  const source = await start('raw-add', 'references/raw-add.program.js', { redisPort });
  const worker = await start('raw-work', 'references/raw-work.program.js', { redisPort, sink });
  const door = await start('raw-door', 'references/raw-door.program.js', { redisPort });
  const load = await start('raw-load', 'support/load.program.js');
  const by = (concurrency: number): Pick<Pipeline, 'begin' | 'finish'> => ({
    begin: () => worker.call('work', { concurrency }),
    finish: () => rested(worker),
  });
  const bare = RAW_CONCURRENCIES.map((concurrency) => ({
    name: `raw BullMQ, ${concurrency} at once`,
    source,
    press: {},
    callers: RAW_CALLERS,
    processes: [worker],
    ...by(concurrency),
  }));
  const target = targetOf(await door.call<number>('listen'), '', []);
  const behindDoor = {
    source: load,
    press: { target },
    callers: DOOR_CALLERS,
    processes: [door, worker],
    ...by(100),
  };
  return [...bare, { name: RAW_BEHIND_DOOR, ...behindDoor }];
}

async function rested(worker: BenchProcess): Promise<void> {
  const failures = await worker.call<string[]>('rest');
  if (failures.length > 0) throw new Error(`${worker.name}: ${failures.length} failures: ${failures[0]}`);
}

async function naivePipeline(
  scope: Scope,
  cluster: Cluster,
  redisPort: number,
  sink: string,
): Promise<Pipeline> {
  const start = starterIn(scope);
  const databaseUrl = await cluster.createDatabase('naive');
  await query(databaseUrl, NAIVE_SCHEMA);
  const door = await start('naive-door', 'references/naive-door.program.js', { databaseUrl });
  const worker = await start('naive-work', 'references/naive-work.program.js', {
    databaseUrl,
    redisPort,
    sink,
  });
  const source = await start('naive-load', 'support/load.program.js');
  const target = targetOf(await door.call<number>('listen'), '', []);
  let delivered = 0;
  return {
    name: 'naive outbox',
    source,
    press: { target },
    callers: DOOR_CALLERS,
    processes: [door, worker],
    begin: () => worker.call('work'),
    finish: async (accepted) => {
      delivered += accepted;
      await waitFor('all recorded', async () => (await countOf(databaseUrl, 'attempts')) === delivered);
      await rested(worker);
    },
  };
}

async function posthastePipeline(scope: Scope, cluster: Cluster, sink: string): Promise<Pipeline> {
  const databaseUrl = await cluster.createMigrated('posthaste');
  const installation = installationOn(databaseUrl, cluster.redisUrl);
  const door = await startPosthaste(cluster, installation, 'api');
  scope.own(door.process, (one) => one.end());
  const rest = await startPosthaste(cluster, installation, 'relay,worker');
  scope.own(rest.process, (one) => one.end());
  const source = await starterIn(scope)('load', 'support/load.program.js');
  const endpoints = await createEndpoints(door.url, installation, sink, ENDPOINTS);
  let delivered = 0;
  return {
    name: 'posthaste',
    source,
    callers: DOOR_CALLERS,
    press: { target: targetOf(Number(new URL(door.url).port), installation.apiKey, endpoints) },
    processes: [door.process, rest.process],
    begin: () => Promise.resolve(),
    finish: async (accepted) => {
      delivered += accepted;
      const isDone = async (): Promise<boolean> =>
        (await countOf(databaseUrl, `notifications WHERE status = 'delivered'`)) === delivered;
      await waitFor(`${delivered} delivered`, isDone);
      const attempts = await countOf(databaseUrl, 'attempts');
      if (attempts !== delivered) throw new Error(`${delivered} were delivered in ${attempts} attempts.`);
    },
  };
}

const targetOf = (port: number, apiKey: string, endpoints: readonly string[]): Target => ({
  port,
  path: '/v1/notifications',
  apiKey,
  endpoints,
  batch: 1,
  duplicatesPercent: 0,
});

function answerFrom(results: Map<string, Sustained[]>): Answer {
  const medianOf = (name: string): number => spreadOf(results.get(name)!.map((one) => one.perSecond)).median;
  const raws = RAW_CONCURRENCIES.map((concurrency) => `raw BullMQ, ${concurrency} at once`);
  const best = raws.reduce((a, b) => (medianOf(a) >= medianOf(b) ? a : b));
  const ratiosTo = (name: string, by: string): number[] =>
    results.get(name)!.map((one, at) => one.perSecond / results.get(by)![at]!.perSecond);
  const rows = [...results].map(([name, all]) => [
    name,
    spread(spreadOf(all.map((one) => one.perSecond))),
    spread(spreadOf(ratiosTo(name, best)), decimal),
    whole(Math.min(...all.map((one) => one.leastBacklog))),
    cpuText(all),
  ]);
  const value = spreadOf(ratiosTo('posthaste', best)).median;
  const toDoor = spreadOf(ratiosTo('posthaste', RAW_BEHIND_DOOR)).median;
  const toNaive = spreadOf(ratiosTo('posthaste', 'naive outbox')).median;
  return {
    question:
      'How many webhooks a second, from accept to the recorded outcome, with a backlog that is never empty?',
    table: [['pipeline', 'webhooks/s', '÷ best raw', 'least backlog', 'CPU µs each'], ...rows],
    ratio: { what: `posthaste ÷ ${best}`, value, goal: GOAL, isMet: value >= GOAL },
    notes: [
      `${decimal(toDoor)} × raw BullMQ with the same HTTP requests in front; ${decimal(toNaive)} × the naive outbox.`,
      'Raw BullMQ is called in its own process, checks nothing and keeps nothing.',
      'All that was accepted arrived, each once; each has one attempt and the status delivered.',
    ],
    raw: Object.fromEntries(results),
  };
}
