import type { BenchProcess } from './support/child-process.js';
import { startProgram } from './support/child-process.js';
import { Cluster, countOf, query } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import type { ClosedLoop, ClosedLoopResult } from './support/load.program.js';
import { createEndpoints, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { spreadOf } from './support/statistics.js';

/** Against single requests at 64 connections: what batching is for. */
const GOAL = 2;
const VARIANTS = [
  { name: 'single requests × 64', batch: 1, connections: 64 },
  { name: 'batches of 100 × 8', batch: 100, connections: 8 },
  { name: 'batches of 500 × 4', batch: 500, connections: 4 },
] as const;
type Variant = (typeof VARIANTS)[number];

interface Door {
  databaseUrl: string;
  server: BenchProcess;
  load: BenchProcess;
  target: Omit<Target, 'batch' | 'path'>;
}

interface Measured extends ClosedLoopResult {
  rowsPerSecond: number;
  serverCpu: number;
}

/** What a batch saves. */
export function acceptBatches(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const door = await openDoor(scope);
    const results = await interleave(VARIANTS, effort.repetitions, (variant, repetition) =>
      measure(door, variant, repetition, effort),
    );
    return answerFrom(results);
  });
}

async function openDoor(scope: Scope): Promise<Door> {
  const cluster = scope.own(await Cluster.start(false), (one) => one.end());
  const databaseUrl = await cluster.createMigrated('posthaste');
  const installation = installationOn(databaseUrl);
  const { process: server, url } = await startPosthaste(cluster, installation, 'api');
  scope.own(server, (one) => one.end());
  const load = scope.own(await startProgram('load', 'support/load.program.js'), (one) => one.end());
  const endpoints = await createEndpoints(url, installation, 'http://127.0.0.1:9', 10);
  const target = {
    port: Number(new URL(url).port),
    apiKey: installation.apiKey,
    endpoints,
    duplicatesPercent: 0,
  };
  return { databaseUrl, server, load, target };
}

async function measure(door: Door, variant: Variant, repetition: number, effort: Effort): Promise<Measured> {
  const { databaseUrl, server, load } = door;
  const { name, batch, connections } = variant;
  const path = batch === 1 ? '/v1/notifications' : '/v1/notifications/batch';
  const loop: ClosedLoop = {
    target: { ...door.target, path, batch },
    connections,
    warmUpMs: effort.warmUpMs,
    durationMs: effort.measureMs,
    run: `${batch}-${repetition}`,
  };
  const stored = await countOf(databaseUrl, 'notifications');
  const cpu = server.cpuSeconds();
  const result = await load.call<ClosedLoopResult>('closedLoop', loop);
  const serverCpu = server.cpuSeconds() - cpu;
  const added = (await countOf(databaseUrl, 'notifications')) - stored;
  if (added !== result.accepted)
    throw new Error(`${name}: ${result.accepted} were accepted, ${added} are stored.`);
  const status = batch === 1 ? '202' : '200';
  if (Object.keys(result.statuses).join() !== status)
    throw new Error(`${name}: ${JSON.stringify(result.statuses)}.`);
  await query(databaseUrl, 'TRUNCATE outbox');
  return { ...result, rowsPerSecond: result.requestsPerSecond * batch, serverCpu };
}

function answerFrom(results: Map<string, Measured[]>): Answer {
  const singles = results.get(VARIANTS[0].name)!;
  const ratiosOf = (all: readonly Measured[]): number[] =>
    all.map((one, at) => one.rowsPerSecond / singles[at]!.rowsPerSecond);
  const rows = VARIANTS.map(({ name }) => {
    const all = results.get(name)!;
    return [
      name,
      spread(spreadOf(all.map((one) => one.rowsPerSecond))),
      decimal(spreadOf(all.map((one) => one.latencyMs.p50)).median),
      decimal(spreadOf(all.map((one) => one.latencyMs.p99)).median),
      decimal(spreadOf(all.map((one) => (one.serverCpu * 1e6) / one.accepted)).median),
      spread(spreadOf(ratiosOf(all)), decimal),
    ];
  });
  const value = spreadOf(ratiosOf(results.get(VARIANTS[1].name)!)).median;
  return {
    question: 'How much faster are batches than single requests?',
    table: [['what × connections', 'notifications/s', 'p50 ms', 'p99 ms', 'server µs', '÷ single'], ...rows],
    ratio: { what: 'batches of 100 ÷ single requests', value, goal: GOAL, isMet: value >= GOAL },
    notes: ['Every notification that was answered as accepted was found in the database.'],
    raw: Object.fromEntries(results),
  };
}
