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
  /** Ways to run Posthaste; the best of them is compared. */
  installations: readonly Installed[];
  /** posthaste.yaml for a server on that port with so many places. */
  configuration: (port: number, places: number) => string;
}

/** A door, and so many workers, the first of which is the relay as well. */
export interface Installed {
  workers: number;
  /** The provider's `concurrency`, of each worker. */
  places: number;
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
    const own = await inTurn(comparison.installations, (installed) =>
      posthastePipeline(scope, cluster, comparison, port, installed),
    );
    const results = await interleave([...bare, ...own], effort.repetitions, (pipeline, repetition) =>
      sustain({ cluster, sink }, warmedUp(pipeline, repetition), effort, String(repetition)),
    );
    const repeats = await inTurn(own, ({ source }) => source.call<number>('repeats'));
    return answerFrom(
      comparison.question,
      bare,
      own,
      results,
      repeats.reduce((sum, count) => sum + count, 0),
    );
  });
}

/** `senders`: processes that render and send, each of which V8 compiles for itself. */
interface SendingPipeline extends Pipeline {
  senders: number;
}

const warmedUp = (pipeline: SendingPipeline, repetition: number): Pipeline => ({
  ...pipeline,
  warmUpArrivals: pipeline.senders * (repetition === 0 ? SENDS_TO_COMPILE : SENDS_TO_WARM_UP),
});

async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}

type Results = Map<string, Sustained[]>;

function answerFrom(
  question: string,
  bare: readonly Pipeline[],
  own: readonly Pipeline[],
  results: Results,
  repeats: number,
): Answer {
  const medianOf = ({ name }: Pipeline): number =>
    spreadOf(results.get(name)!.map((one) => one.perSecond)).median;
  const bestOf = (pipelines: readonly Pipeline[]): Pipeline =>
    pipelines.reduce((a, b) => (medianOf(a) >= medianOf(b) ? a : b));
  const [best, bestOwn] = [bestOf(bare), bestOf(own)];
  const ratiosOf = (name: string): number[] =>
    results.get(name)!.map((one, at) => one.perSecond / results.get(best.name)![at]!.perSecond);
  const rows = [...results].map(([name, all]) => [
    name,
    spread(spreadOf(all.map((one) => one.perSecond))),
    spread(spreadOf(ratiosOf(name)), decimal),
    own.some((one) => one.name === name) ? whole(Math.min(...all.map((one) => one.leastBacklog))) : '',
    cpuText(all),
  ]);
  return {
    question,
    table: [['sender', 'sends/s', '÷ best bare', 'least backlog', 'CPU µs each'], ...rows],
    ratio: {
      what: `${bestOwn.name}: accepted, sent and recorded ÷ ${best.name}`,
      value: spreadOf(ratiosOf(bestOwn.name)).median,
    },
    notes: [
      `Measured after ${whole(SENDS_TO_COMPILE)} sends of each sender, and ${whole(SENDS_TO_WARM_UP)} in each later slice.`,
      'The client alone is one process, keeps one core busy, checks nothing and keeps nothing; two workers have what is left of both cores.',
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
): Promise<SendingPipeline[]> {
  const connections = Math.max(...concurrencies);
  const source = scope.own(await startProgram('bare', `references/${bare}`, { port, connections }), (one) =>
    one.end(),
  );
  return concurrencies.map((callers) => ({
    name: `the client alone, ${callers} at once`,
    senders: 1,
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
  { channel, configuration, installations }: Comparison,
  port: number,
  installed: Installed,
): Promise<SendingPipeline> {
  const { workers, places } = installed;
  const at = installations.indexOf(installed);
  const databaseUrl = await cluster.createMigrated(`posthaste_${at}`);
  const installation = installationOn(databaseUrl, `${cluster.redisUrl}/${at}`);
  const start = async (roles: string): Promise<{ process: BenchProcess; url: string }> => {
    const started = await startPosthaste(cluster, installation, roles, configuration(port, places));
    scope.own(started.process, (one) => one.end());
    return started;
  };
  const door = await start('api');
  const roles = Array.from({ length: workers }, (_, i) => (i === 0 ? 'relay,worker' : 'worker'));
  const others = await inTurn(roles, start);
  const source = scope.own(await startProgram('load', 'support/load.program.js'), (one) => one.end());
  let sent = 0;
  return {
    senders: workers,
    name: `posthaste, ${workers === 1 ? 'a worker' : `${workers} workers`} of ${places} at once`,
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
    processes: [door.process, ...others.map((one) => one.process)],
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
