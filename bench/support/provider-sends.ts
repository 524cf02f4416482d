import { type BenchProcess, startProgram } from './child-process.js';
import { Cluster, countOf, query } from './cluster.js';
import type { ContentOf } from './content.js';
import type { Effort } from './effort.js';
import { interleave } from './interleave.js';
import { cpuText, type Pipeline, sustain, type Sustained } from './pipeline.js';
import { installationOn, startPosthaste } from './posthaste.js';
import { type Answer, decimal, spread, whole } from './report.js';
import { type Scope, within } from './scope.js';
import { spreadOf } from './statistics.js';
import { waitFor } from './wait-for.js';

/** A channel whose provider stands on this machine. */
export interface Comparison {
  question: string;
  channel: ContentOf;
  /** Programs: the provider's server, and its client alone. */
  sink: string;
  bare: string;
  /** Calls under way at once in the client alone: the best of them is the reference. */
  concurrencies: readonly number[];
  /** posthaste.yaml for a server on that port, with room enough that the provider's own limits are not what is measured. */
  configuration: (port: number) => string;
}

const DOOR_CALLERS = 128;
/** More than the worker has in its hands, and soon sent when a slice is over. */
const BACKLOG = 1_500;
/**
 * V8 has compiled what renders a letter, and what composes a mail, after some eight thousand of them; before that each takes up
 * to three times as long. So many are sent before anything is measured, and so many before each slice.
 */
const SENDS_TO_COMPILE = 10_000;
const SENDS_TO_WARM_UP = 1_000;
/** All has arrived by then; a busy machine takes its time to record it. */
const RECORDED_WITHIN_MS = 120_000;

/** Sends a second through the whole pipeline, beside the same client in a process that does nothing else. */
export function compareSends(effort: Effort, comparison: Comparison): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const sink = scope.own(await startProgram('sink', comparison.sink), (one) => one.end());
    const port = await sink.call<number>('listen');
    const bare = await barePipelines(scope, comparison, port);
    const own = await posthastePipeline(scope, cluster, comparison, port);
    const results = await interleave([...bare, own], effort.repetitions, (pipeline, repetition) =>
      sustain({ cluster, sink }, warmedUp(pipeline, repetition), effort, String(repetition)),
    );
    const repeats = await own.source.call<number>('repeats');
    return answerFrom(comparison.question, bare, own, results, repeats);
  });
}

const warmedUp = (pipeline: Pipeline, repetition: number): Pipeline => ({
  ...pipeline,
  warmUpArrivals: repetition === 0 ? SENDS_TO_COMPILE : SENDS_TO_WARM_UP,
});

type Results = Map<string, Sustained[]>;

function answerFrom(
  question: string,
  bare: readonly Pipeline[],
  own: Pipeline,
  results: Results,
  repeats: number,
): Answer {
  const medianOf = ({ name }: Pipeline): number =>
    spreadOf(results.get(name)!.map((one) => one.perSecond)).median;
  const best = bare.reduce((a, b) => (medianOf(a) >= medianOf(b) ? a : b));
  const ratiosOf = (name: string): number[] =>
    results.get(name)!.map((one, at) => one.perSecond / results.get(best.name)![at]!.perSecond);
  const rows = [...results].map(([name, all]) => [
    name,
    spread(spreadOf(all.map((one) => one.perSecond))),
    spread(spreadOf(ratiosOf(name)), decimal),
    name === own.name ? whole(Math.min(...all.map((one) => one.leastBacklog))) : '',
    cpuText(all),
  ]);
  return {
    question,
    table: [['sender', 'sends/s', '÷ best bare', 'least backlog', 'CPU µs each'], ...rows],
    ratio: {
      what: `accepted, sent and recorded ÷ ${best.name}`,
      value: spreadOf(ratiosOf(own.name)).median,
    },
    notes: [
      `Measured after ${whole(SENDS_TO_COMPILE)} sends of each, and ${whole(SENDS_TO_WARM_UP)} in each later slice. The client alone checks nothing and keeps nothing.`,
      'Everything accepted arrived, each once; each has one attempt and the status sent.',
      ...(repeats > 0 ? [`The door said 503 to ${whole(repeats)} requests, which were repeated.`] : []),
    ],
    raw: Object.fromEntries(results),
  };
}

async function barePipelines(
  scope: Scope,
  { bare, concurrencies }: Comparison,
  port: number,
): Promise<Pipeline[]> {
  const connections = Math.max(...concurrencies);
  const source = scope.own(await startProgram('bare', `references/${bare}`, { port, connections }), (one) =>
    one.end(),
  );
  return concurrencies.map((callers) => ({
    name: `the client alone, ${callers} at once`,
    source,
    press: {},
    callers,
    processes: [],
    begin: () => Promise.resolve(),
    finish: () => Promise.resolve(),
  }));
}

async function posthastePipeline(
  scope: Scope,
  cluster: Cluster,
  { channel, configuration }: Comparison,
  port: number,
): Promise<Pipeline> {
  const databaseUrl = await cluster.createMigrated('posthaste');
  const installation = installationOn(databaseUrl, cluster.redisUrl);
  const start = async (roles: string): Promise<{ process: BenchProcess; url: string }> => {
    const started = await startPosthaste(cluster, installation, roles, configuration(port));
    scope.own(started.process, (one) => one.end());
    return started;
  };
  const [door, relay, worker] = [await start('api'), await start('relay'), await start('worker')];
  const source = scope.own(await startProgram('load', 'support/load.program.js'), (one) => one.end());
  let sent = 0;
  return {
    name: 'posthaste',
    source,
    callers: DOOR_CALLERS,
    backlog: BACKLOG,
    press: {
      target: {
        port: Number(new URL(door.url).port),
        path: '/v1/notifications',
        apiKey: installation.apiKey,
        endpoints: [],
        channel,
        batch: 1,
        duplicatesPercent: 0,
      },
    },
    processes: [door.process, relay.process, worker.process],
    begin: () => Promise.resolve(),
    finish: async (accepted) => {
      sent += accepted;
      const isDone = async (): Promise<boolean> =>
        (await countOf(databaseUrl, `notifications WHERE status = 'sent'`)) === sent;
      await waitFor(`${sent} sent`, isDone, RECORDED_WITHIN_MS);
      const others = await query(
        databaseUrl,
        `SELECT outcome, class, code, detail FROM attempts WHERE outcome IS DISTINCT FROM 'taken' OR number > 1`,
      );
      if (others.length > 0) throw new Error(`${sent} were sent, and not at once: ${JSON.stringify(others)}`);
    },
  };
}
