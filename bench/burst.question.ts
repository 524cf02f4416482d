import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf } from './support/cluster.js';
import type { Effort } from './support/effort.js';
import type { Burst } from './support/load.program.js';
import { createEndpoints, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, spread, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { within } from './support/scope.js';
import { spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';

const AMOUNT = 50_000;
const CONNECTIONS = 64;
const ENDPOINTS = 10;
const GOAL_SECONDS = 8;
/** Each is a long measurement of its own; more say little that three do not. */
const REPETITIONS = 3;

interface Measured extends Burst {
  /** From the first request until the last has arrived and is recorded. */
  deliveredSeconds: number;
}

/** How the service takes a burst of single requests while relay and workers share the machine. */
export function burst(_effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const cluster = scope.own(await Cluster.start(true), (one) => one.end());
    const databaseUrl = await cluster.createMigrated('posthaste');
    const installation = installationOn(databaseUrl, cluster.redisUrl);
    const door = await startPosthaste(cluster, installation, 'api');
    scope.own(door.process, (one) => one.end());
    const rest = await startPosthaste(cluster, installation, 'relay,worker');
    scope.own(rest.process, (one) => one.end());
    const start = async (name: string): Promise<BenchProcess> =>
      scope.own(await startProgram(name, `support/${name}.program.js`), (one) => one.end());
    const sink = await start('sink');
    const load = await start('load');
    const sinkUrl = `http://127.0.0.1:${await sink.call<number>('listen')}`;
    const endpoints = await createEndpoints(door.url, installation, sinkUrl, ENDPOINTS);
    const target: Target = {
      port: Number(new URL(door.url).port),
      path: '/v1/notifications',
      apiKey: installation.apiKey,
      endpoints,
      batch: 1,
      duplicatesPercent: 0,
    };
    const results: Measured[] = [];
    for (let run = 0; run < REPETITIONS; run++) {
      const startedAt = performance.now();
      const taken = await load.call<Burst>('burst', {
        target,
        amount: AMOUNT,
        connections: CONNECTIONS,
        run: String(run),
      });
      const accepted = taken.statuses[202] ?? 0;
      await delivered(
        databaseUrl,
        results.reduce((sum, one) => sum + (one.statuses[202] ?? 0), accepted),
      );
      results.push({ ...taken, deliveredSeconds: (performance.now() - startedAt) / 1000 });
    }
    const { arrivals, unique } = await sink.call<{ arrivals: number; unique: number }>('count');
    const accepted = results.reduce((sum, one) => sum + (one.statuses[202] ?? 0), 0);
    if (arrivals !== accepted || unique !== accepted)
      throw new Error(`${accepted} were accepted; ${arrivals} arrived, ${unique} different ones.`);
    return answerFrom(results);
  });
}

const delivered = (databaseUrl: string, amount: number): Promise<void> =>
  waitFor(
    `${amount} delivered`,
    async () => (await countOf(databaseUrl, `notifications WHERE status = 'delivered'`)) === amount,
    120_000,
  );

function answerFrom(results: readonly Measured[]): Answer {
  const rows = results.map((one, at) => [
    `burst ${at + 1}`,
    decimal(one.seconds),
    whole(AMOUNT / one.seconds),
    whole(AMOUNT - (one.statuses[202] ?? 0)),
    decimal(one.latencyMs.p50),
    decimal(one.latencyMs.p99),
    decimal(one.deliveredSeconds),
  ]);
  const seconds = spreadOf(results.map((one) => one.seconds));
  const refused = results.reduce((sum, one) => sum + AMOUNT - (one.statuses[202] ?? 0), 0);
  const value = seconds.median / GOAL_SECONDS;
  return {
    question: `How long do ${whole(AMOUNT)} single POSTs take over ${CONNECTIONS} connections, relay and workers running?`,
    table: [['', 'last 202 s', 'accepted/s', 'refused', 'p50 ms', 'p99', 'all delivered s'], ...rows],
    ratio: {
      what: `seconds to the last 202 (${spread(seconds, decimal)}) ÷ ${GOAL_SECONDS}`,
      value,
      goal: 1,
      isMet: value <= 1 && refused === 0,
    },
    notes: [`${whole(refused)} refused. All that was accepted arrived, each once.`],
    raw: results,
  };
}
