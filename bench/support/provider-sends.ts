import { type BenchProcess, startProgram } from './child-process.js';
import { Cluster, countOf, query } from './cluster.js';
import type { ContentOf } from './content.js';
import type { Effort } from './effort.js';
import { interleave } from './interleave.js';
import { cpuText, type Pipeline, sustain } from './pipeline.js';
import { installationOn, startPosthaste } from './posthaste.js';
import { type Answer, decimal, spread } from './report.js';
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
  /** Calls under way at once, here as there. */
  connections: number;
  /** posthaste.yaml for a server on that port. */
  configuration: (port: number) => string;
}

const DOOR_CALLERS = 128;

/** Sends a second through the whole pipeline, beside the same client in a process that does nothing else. */
export function compareSends(effort: Effort, comparison: Comparison): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const sink = scope.own(await startProgram('sink', comparison.sink), (one) => one.end());
    const port = await sink.call<number>('listen');
    const pipelines = [
      await barePipeline(scope, comparison, port),
      await posthastePipeline(scope, cluster, comparison, port),
    ] as const;
    const results = await interleave(pipelines, effort.repetitions, (pipeline, repetition) =>
      sustain({ cluster, sink }, pipeline, effort, String(repetition)),
    );
    const [bare, own] = pipelines.map(({ name }) => results.get(name)!) as [Measured, Measured];
    const ratios = own.map((one, at) => one.perSecond / bare[at]!.perSecond);
    return {
      question: comparison.question,
      table: [
        ['sender', 'sends/s', '÷ bare', 'CPU µs each'],
        [pipelines[0].name, spread(spreadOf(bare.map((one) => one.perSecond))), '1', cpuText(bare)],
        [
          pipelines[1].name,
          spread(spreadOf(own.map((one) => one.perSecond))),
          spread(spreadOf(ratios), decimal),
          cpuText(own),
        ],
      ],
      ratio: { what: 'accepted, sent and recorded ÷ the bare client', value: spreadOf(ratios).median },
      notes: ['Everything accepted arrived, each once; each has one attempt and the status sent.'],
      raw: Object.fromEntries(results),
    };
  });
}

type Measured = Awaited<ReturnType<typeof sustain>>[];

async function barePipeline(
  scope: Scope,
  { bare, connections }: Comparison,
  port: number,
): Promise<Pipeline> {
  const source = scope.own(await startProgram('bare', `references/${bare}`, { port, connections }), (one) =>
    one.end(),
  );
  return {
    name: `the client alone, ${connections} at once`,
    source,
    press: {},
    callers: connections,
    processes: [],
    begin: () => Promise.resolve(),
    finish: () => Promise.resolve(),
  };
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
      await waitFor(`${sent} sent`, isDone);
      const others = await query(
        databaseUrl,
        `SELECT outcome, class, code, detail FROM attempts WHERE outcome IS DISTINCT FROM 'taken' OR number > 1`,
      );
      if (others.length > 0) throw new Error(`${sent} were sent, and not at once: ${JSON.stringify(others)}`);
    },
  };
}
