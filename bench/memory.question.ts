import { setTimeout as pause } from 'node:timers/promises';

import { type BenchProcess, startProgram } from './support/child-process.js';
import { Cluster, countOf } from './support/cluster.js';
import { type Effort, isQuick } from './support/effort.js';
import { residentMiB, type Sample, slopePerMinute } from './support/memory.js';
import { pauseQueue } from './support/operator.js';
import { createEndpoints, type Installation, installationOn, startPosthaste } from './support/posthaste.js';
import { type Answer, decimal, whole } from './support/report.js';
import type { Target } from './support/requests.js';
import { type Scope, within } from './support/scope.js';
import { spreadOf } from './support/statistics.js';
import { waitFor } from './support/wait-for.js';
import { fillUp } from './support/waiting.js';

const ROLES = ['api', 'relay', 'worker'] as const;
type Role = (typeof ROLES)[number];
const WAITING = 200_000;
const CALLERS = 64;
const BACKLOG = 4_000;
const SETTLE_MS = 5_000;
const CAPACITY_MS = 180_000;
const QUICK_CAPACITY_MS = 20_000;
const LOOK_EVERY_MS = 100;
const SAMPLE_EVERY_MS = 1_000;
/** Heaps grow until the collector has seen the load: the slope is that of the second half. */
const GOAL_MIB_PER_MINUTE = 5;

interface Site {
  databaseUrl: string;
  installation: Installation;
  url: string;
  processes: Record<Role, BenchProcess>;
  sink: BenchProcess;
  load: BenchProcess;
  target: Target;
}

type Memory = Record<Role, number>;

/** What each role keeps in memory, and whether it grows. */
export function memory(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const site = await openSite(scope);
    await pause(SETTLE_MS);
    const idle = residentOf(site);
    const samples = await atCapacity(site, isQuick(effort) ? QUICK_CAPACITY_MS : CAPACITY_MS);
    await pauseQueue(site.url, site.installation, 'webhooks.bulk');
    await fillUp(site.load, site.target, site.databaseUrl, WAITING, 'waiting');
    await pause(SETTLE_MS);
    return answerFrom(idle, samples, residentOf(site), !isQuick(effort));
  });
}

async function openSite(scope: Scope): Promise<Site> {
  const cluster = scope.own(await Cluster.start(true), (one) => one.end());
  const databaseUrl = await cluster.createMigrated('posthaste');
  const installation = installationOn(databaseUrl, cluster.redisUrl);
  const start = async (role: Role): Promise<{ process: BenchProcess; url: string }> => {
    const started = await startPosthaste(cluster, installation, role);
    scope.own(started.process, (one) => one.end());
    return started;
  };
  const [api, relay, worker] = [await start('api'), await start('relay'), await start('worker')];
  const program = async (name: string): Promise<BenchProcess> =>
    scope.own(await startProgram(name, `support/${name}.program.js`), (one) => one.end());
  const sink = await program('sink');
  const sinkUrl = `http://127.0.0.1:${await sink.call<number>('listen')}`;
  return {
    databaseUrl,
    installation,
    url: api.url,
    processes: { api: api.process, relay: relay.process, worker: worker.process },
    sink,
    load: await program('load'),
    target: {
      port: Number(new URL(api.url).port),
      path: '/v1/notifications',
      apiKey: installation.apiKey,
      endpoints: await createEndpoints(api.url, installation, sinkUrl, 10),
      batch: 1,
      duplicatesPercent: 0,
    },
  };
}

const residentOf = ({ processes }: Site): Memory =>
  Object.fromEntries(ROLES.map((role) => [role, residentMiB(processes[role].pid)])) as Memory;

/** As fast as the pipeline goes for so long; resident memory each second, by role. */
async function atCapacity(site: Site, durationMs: number): Promise<Record<Role, Sample[]>> {
  const { load, sink, databaseUrl, target } = site;
  const samples: Record<Role, Sample[]> = { api: [], relay: [], worker: [] };
  const startedAt = performance.now();
  await load.call('press', { target, connections: CALLERS, backlog: BACKLOG, run: 'capacity' });
  for (let nextAt = startedAt; performance.now() - startedAt < durationMs;) {
    await pause(LOOK_EVERY_MS);
    const { unique } = await sink.call<{ unique: number }>('count');
    await load.call('learn', { arrived: unique });
    if (performance.now() < nextAt) continue;
    nextAt += SAMPLE_EVERY_MS;
    const now = residentOf(site);
    for (const role of ROLES) samples[role].push([(performance.now() - startedAt) / 1000, now[role]]);
  }
  const accepted = await load.call<number>('release');
  const isDone = async (): Promise<boolean> =>
    (await countOf(databaseUrl, `notifications WHERE status = 'delivered'`)) === accepted;
  await waitFor(`${accepted} delivered`, isDone, 60_000);
  return samples;
}

/** A slope over seconds says nothing: without a long look it is told and not judged. */
function answerFrom(idle: Memory, samples: Record<Role, Sample[]>, waiting: Memory, isLong: boolean): Answer {
  const second = (role: Role): Sample[] => samples[role].slice(Math.floor(samples[role].length / 2));
  const slopes = ROLES.map((role) => slopePerMinute(second(role)));
  const rows = ROLES.map((role, at) => [
    role,
    whole(idle[role]),
    whole(spreadOf(second(role).map(([, mib]) => mib)).median),
    whole(spreadOf(samples[role].map(([, mib]) => mib)).max),
    decimal(slopes[at]!),
    whole(waiting[role]),
  ]);
  const told = {
    what: 'the steepest slope of the second half at capacity, MiB a minute',
    value: Math.max(...slopes),
  };
  return {
    question: 'How much memory does each role take, and does it grow?',
    table: [['role', 'idle MiB', 'at capacity', 'most', 'MiB/minute', '200,000 waiting'], ...rows],
    ratio: isLong ? { ...told, goal: GOAL_MIB_PER_MINUTE, isMet: told.value <= GOAL_MIB_PER_MINUTE } : told,
    notes: [
      'Resident memory. The 200,000 were posted in batches after the load had ended, to a paused queue.',
    ],
    raw: { idle, samples, waiting },
  };
}
