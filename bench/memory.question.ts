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
/** V8 gives back what a start or a load has left behind when it has been quiet for long: within 100 s at the latest. */
const SETTLE_MS = 120_000;
const QUICK_SETTLE_MS = 5_000;
const CAPACITY_MS = 180_000;
const QUICK_CAPACITY_MS = 20_000;
const LOOK_EVERY_MS = 100;
const SAMPLE_EVERY_MS = 1_000;
/** `slope`: MiB a minute. Heaps grow until the collector has seen the load: it is that of the second half. */
const GOAL_MIB = { idle: 150, moreWithWaiting: 50, slope: 5 };

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

interface Looks {
  idle: Memory;
  samples: Record<Role, Sample[]>;
  /** The most while the 200,000 were posted. */
  posting: Memory;
  waiting: Memory;
}

/** What each role keeps in memory, and whether it grows. */
export function memory(effort: Effort): Promise<Answer> {
  return within(async (scope) => {
    const site = await openSite(scope);
    const settle = (): Promise<void> => pause(isQuick(effort) ? QUICK_SETTLE_MS : SETTLE_MS);
    await settle();
    const idle = residentOf(site);
    const samples = await atCapacity(site, isQuick(effort) ? QUICK_CAPACITY_MS : CAPACITY_MS);
    await settle();
    await pauseQueue(site.url, site.installation, 'webhooks.bulk');
    const posting = await mostWhile(site, () =>
      fillUp(site.load, site.target, site.databaseUrl, WAITING, 'waiting'),
    );
    await settle();
    return answerFrom({ idle, samples, posting, waiting: residentOf(site) }, !isQuick(effort));
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

/** The most that was resident while it went on. */
async function mostWhile(site: Site, act: () => Promise<void>): Promise<Memory> {
  const most = residentOf(site);
  const timer = setInterval(() => {
    const now = residentOf(site);
    for (const role of ROLES) most[role] = Math.max(most[role], now[role]);
  }, SAMPLE_EVERY_MS);
  try {
    await act();
  } finally {
    clearInterval(timer);
  }
  return most;
}

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

/** Looks of seconds say nothing of slopes, and little of the rest: they are told and not judged. */
function answerFrom({ idle, samples, posting, waiting }: Looks, isLong: boolean): Answer {
  const second = (role: Role): Sample[] => samples[role].slice(Math.floor(samples[role].length / 2));
  const slopes = ROLES.map((role) => slopePerMinute(second(role)));
  const rows = ROLES.map((role, at) => [
    role,
    whole(idle[role]),
    whole(spreadOf(second(role).map(([, mib]) => mib)).median),
    whole(spreadOf(samples[role].map(([, mib]) => mib)).max),
    decimal(slopes[at]!),
    whole(posting[role]),
    whole(waiting[role]),
    whole(waiting[role] - idle[role]),
  ]);
  const shares = [
    ...ROLES.map((role) => idle[role] / GOAL_MIB.idle),
    ...ROLES.map((role) => (waiting[role] - idle[role]) / GOAL_MIB.moreWithWaiting),
    ...slopes.map((slope) => slope / GOAL_MIB.slope),
  ];
  const told = {
    what: `of ${GOAL_MIB.idle} MiB idle, ${GOAL_MIB.moreWithWaiting} more with 200,000 waiting and ${GOAL_MIB.slope} a minute at capacity, the worst`,
    value: Math.max(...shares),
  };
  return {
    question: 'How much memory does each role take, and does it grow?',
    table: [
      [
        'role',
        'idle MiB',
        'at capacity',
        'most',
        'MiB/minute',
        'most while posting',
        '200,000 waiting',
        'more',
      ],
      ...rows,
    ],
    ratio: isLong ? { ...told, goal: 1, isMet: told.value <= 1 } : told,
    notes: [
      'Resident memory; idle and waiting once V8 has collected. The 200,000 were posted in batches to a paused queue.',
    ],
    raw: { idle, samples, posting, waiting },
  };
}
