import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf, query } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import { interleave } from './support/interleave.js';
import type { ClosedLoop, ClosedLoopResult } from './support/load.program.js';
import { createEndpoints, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { spreadOf } from './support/statistics.js';

const CONNECTIONS = [1, 8, 64, 256] as const;
const JUDGED_AT = 64;
const GOAL = 0.45;
/** A reference that is slow itself proves nothing. */
const REFERENCE_GOAL = 0.7;
const ENDPOINTS = 10;

type Server =
  | 'posthaste'
  | 'posthaste, 10 % duplicates'
  | 'posthaste, real clients'
  | 'nest no-op'
  | 'nest no-op, real clients'
  | 'node no-op'
  | 'node no-op that parses';

interface Variant {
  name: string;
  server: Server;
  connections: number;
}

interface Measured extends ClosedLoopResult {
  serverCpu: number;
  callersCpu: number;
  postgresCpu: number;
}

/** How many notifications the door makes durable, beside what its frameworks can do with nothing to do. */
export function accept(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const door = await openDoor(scope);
    const variants = CONNECTIONS.flatMap((connections) => variantsAt(connections));
    const results = await interleave(variants, effort.repetitions, (variant, repetition) =>
      measure(door, variant, repetition, effort),
    );
    return answerFrom(variants, results);
  });
}

const variantsAt = (connections: number): Variant[] => {
  const servers: Server[] = ['nest no-op', 'posthaste'];
  if (connections === JUDGED_AT)
    servers.push(
      'node no-op',
      'node no-op that parses',
      'posthaste, 10 % duplicates',
      'nest no-op, real clients',
      'posthaste, real clients',
    );
  return servers.map((server) => ({ name: `${server} × ${connections}`, server, connections }));
};

interface Door {
  cluster: Cluster;
  databaseUrl: string;
  load: BenchProcess;
  servers: Record<Server, { process: BenchProcess; target: Target }>;
}

/** The real thing with the role `api` alone: nothing takes away what it accepts. */
async function openDoor(scope: Scope): Promise<Door> {
  const cluster = scope.own(await Cluster.start(false), (one) => one.end());
  const databaseUrl = await cluster.createMigrated('posthaste');
  const installation = installationOn(databaseUrl);
  const posthaste = await startPosthaste(cluster, installation, 'api');
  scope.own(posthaste.process, (one) => one.end());
  const own = async (name: string, file: string, argument = {}): Promise<BenchProcess> =>
    scope.own(await startProgram(name, file, argument), (one) => one.end());
  const nest = await own('nest-no-op', 'references/no-op.program.js', { kind: 'nest' });
  const bare = await own('node-no-op', 'references/no-op.program.js', { kind: 'bare' });
  const parsing = await own('node-parsing', 'references/no-op.program.js', { kind: 'parsing' });
  const load = await own('load', 'support/load.program.js');
  const endpoints = await createEndpoints(posthaste.url, installation, 'http://127.0.0.1:9', ENDPOINTS);
  const target = (port: number, duplicatesPercent = 0): Target => ({
    port,
    path: '/v1/notifications',
    apiKey: installation.apiKey,
    endpoints,
    batch: 1,
    duplicatesPercent,
  });
  const port = Number(new URL(posthaste.url).port);
  const toNest = target(await nest.call('listen'));
  return {
    cluster,
    databaseUrl,
    load,
    servers: {
      posthaste: { process: posthaste.process, target: target(port) },
      'posthaste, 10 % duplicates': { process: posthaste.process, target: target(port, 10) },
      'posthaste, real clients': {
        process: posthaste.process,
        target: { ...target(port), callers: 'client' },
      },
      'nest no-op': { process: nest, target: toNest },
      'nest no-op, real clients': { process: nest, target: { ...toNest, callers: 'client' } },
      'node no-op that parses': { process: parsing, target: target(await parsing.call('listen')) },
      'node no-op': { process: bare, target: target(await bare.call('listen')) },
    },
  };
}

async function measure(door: Door, variant: Variant, repetition: number, effort: Effort): Promise<Measured> {
  const { cluster, databaseUrl, load } = door;
  const { process, target } = door.servers[variant.server];
  const isReal = variant.server.startsWith('posthaste');
  const before = {
    rows: await rowsIn(databaseUrl),
    server: process.cpuSeconds(),
    callers: load.cpuSeconds(),
    postgres: cluster.cpu().postgres,
  };
  const loop: ClosedLoop = {
    target,
    ...effort,
    durationMs: effort.measureMs,
    ...namesOf(variant, repetition),
  };
  const result = await load.call<ClosedLoopResult>('closedLoop', loop);
  const measured = {
    ...result,
    serverCpu: process.cpuSeconds() - before.server,
    callersCpu: load.cpuSeconds() - before.callers,
    postgresCpu: cluster.cpu().postgres - before.postgres,
  };
  prove(variant, result, (await rowsIn(databaseUrl)) - before.rows);
  // As relay and workers would: what is owed leaves the outbox, the record stays.
  if (isReal) await query(databaseUrl, 'TRUNCATE outbox');
  return measured;
}

const namesOf = (
  { name, connections }: Variant,
  repetition: number,
): { connections: number; run: string } => ({
  connections,
  run: `${name}-${repetition}`.replaceAll(/[^a-z0-9]+/g, '-'),
});

const rowsIn = (databaseUrl: string): Promise<number> => countOf(databaseUrl, 'notifications');

/** What was answered 202 is stored, and nothing else was answered than was asked for. */
function prove({ name, server }: Variant, { statuses, accepted }: ClosedLoopResult, stored: number): void {
  const expected = server === 'posthaste, 10 % duplicates' ? ['200', '202'] : ['202'];
  const others = Object.keys(statuses).filter((status) => !expected.includes(status));
  if (others.length > 0) throw new Error(`${name}: answered ${JSON.stringify(statuses)}.`);
  const owed = server.startsWith('posthaste') ? accepted : 0;
  if (stored !== owed) throw new Error(`${name}: ${owed} were answered as accepted, ${stored} are stored.`);
}

function answerFrom(variants: readonly Variant[], results: Map<string, Measured[]>): Answer {
  const of = (server: Server, connections: number): Measured[] =>
    results.get(`${server} × ${connections}`) ?? [];
  const ratios = (server: Server, by: Server, connections: number): number[] =>
    of(server, connections).map(
      (one, at) => one.requestsPerSecond / of(by, connections)[at]!.requestsPerSecond,
    );
  const rows = variants.map(({ name, server, connections }) => {
    const all = results.get(name)!;
    const perRequest = (seconds: (one: Measured) => number): string =>
      whole(spreadOf(all.map((one) => (seconds(one) * 1e6) / requestsOf(one))).median);
    return [
      name,
      spread(spreadOf(all.map((one) => one.requestsPerSecond))),
      decimal(spreadOf(all.map((one) => one.latencyMs.p50)).median),
      decimal(spreadOf(all.map((one) => one.latencyMs.p99)).median),
      perRequest((one) => one.serverCpu),
      server.startsWith('posthaste') ? perRequest((one) => one.postgresCpu) : '–',
      perRequest((one) => one.callersCpu),
      server === referenceOf(server)
        ? '1'
        : spread(spreadOf(ratios(server, referenceOf(server), connections)), decimal),
    ];
  });
  const value = spreadOf(ratios('posthaste', 'nest no-op', JUDGED_AT)).median;
  const reference = spreadOf(ratios('nest no-op', 'node no-op', JUDGED_AT)).median;
  const parsing = spreadOf(ratios('nest no-op', 'node no-op that parses', JUDGED_AT)).median;
  const withClients = spreadOf(
    ratios('posthaste, real clients', 'nest no-op, real clients', JUDGED_AT),
  ).median;
  return {
    question: 'How many notifications a second does the door make durable?',
    table: [
      [
        'server × connections',
        'requests/s',
        'p50 ms',
        'p99 ms',
        'server µs',
        'PostgreSQL µs',
        'callers µs',
        '÷ nest no-op',
      ],
      ...rows,
    ],
    ratio: {
      what: `accepted and durable ÷ NestJS no-op, ${JUDGED_AT} connections`,
      value,
      goal: GOAL,
      isMet: value >= GOAL,
    },
    notes: [
      `The reference reaches ${decimal(parsing)} of bare node:http that parses as it does (${parsing >= REFERENCE_GOAL ? 'a fair one' : `below ${REFERENCE_GOAL}: the ratio flatters`}), ${decimal(reference)} of one that throws the body away.`,
      `With callers that use a real HTTP client: ${decimal(withClients)}.`,
      'µs: CPU time a request. Every 202 was found in the database; all other answers were as asked for.',
    ],
    raw: Object.fromEntries(results),
  };
}

/** The same callers cost both sides the same. */
const referenceOf = (server: Server): Server =>
  server.endsWith('real clients') ? 'nest no-op, real clients' : 'nest no-op';

/** Warm-up included, as the CPU time is. */
const requestsOf = ({ accepted, duplicates }: Measured): number => accepted + duplicates;
