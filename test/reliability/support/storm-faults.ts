import { readFileSync, readdirSync } from 'node:fs';

import { distribution, healthy, type Plan } from './behaviour.js';
import type { Random } from '../../support/random.js';
import type { Stage } from './stage.js';
import type { Supervised } from './supervisor.js';
import type { Mode, TcpProxy } from './tcp-proxy.js';

/** One thing that goes wrong. Answers how it is put right. */
export interface StormFault {
  name: string;
  strike(): Promise<() => Promise<void>>;
}

/** Less than a client waits for an answer: what a stopped API costs its callers is measured, not lost. */
export const LONGEST_MS = 6_000;

/** All that may go wrong with this deployment. Drawn again for each strike, so that targets and sizes vary by the seed. */
export function drawFault(stage: Stage, all: readonly Supervised[], random: Random): StormFault {
  const faults = [
    () => processFault(random.pick(all), random.pick(['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const)),
    () => hopFault(random.pick(hopsOf(stage)), drawMode(random)),
    () => providerFault(stage, random),
    () => postgresFault(stage, random),
    ...(stage.stores.redis ? [() => redisFault(stage, random)] : []),
  ];
  return random.pick(faults)();
}

const nothing = async (): Promise<void> => undefined;

function processFault(target: Supervised, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP'): StormFault {
  return {
    name: `${signal} ${target.role}`,
    strike: async () => {
      const one = target.current;
      one?.signal(signal);
      return async () => void (signal === 'SIGSTOP' && one?.signal('SIGCONT'));
    },
  };
}

/** The callers' own hop is left out: what it does is not the service's to answer for. */
const hopsOf = (stage: Stage): TcpProxy[] => [
  stage.hops.postgres,
  ...(stage.hops.redis ? [stage.hops.redis] : []),
  ...Object.values(stage.providers.hops).filter((hop) => hop.name !== 'resend'),
];

const drawMode = (random: Random): Mode =>
  random.pick<Mode>([
    { kind: 'latency', ms: random.integer(50, 2_000) },
    { kind: 'reset', afterBytes: random.integer(1, 20_000), direction: random.pick(['up', 'down'] as const) },
    { kind: 'half-open' },
    { kind: 'freeze' },
    { kind: 'refuse' },
    { kind: 'fin' },
    { kind: 'bandwidth', bytesPerSecond: random.integer(1_000, 20_000) },
  ]);

const hopFault = (hop: TcpProxy, mode: Mode): StormFault => ({
  name: `${mode.kind} on ${hop.name}`,
  strike: async () => {
    await hop.set(mode);
    return () => hop.pass();
  },
});

function providerFault(stage: Stage, random: Random): StormFault {
  const target = random.pick(['smtp', 'twilio', 'hooks'] as const);
  const rate = random.pick([0.1, 0.5, 1]);
  const kind = random.pick(['fail', 'drop', 'reset', 'hang', 'throttle', 'slow'] as const);
  const behaviour =
    kind === 'throttle' ? { throttleS: 1 } : kind === 'slow' ? { slowMs: random.integer(100, 2_500) } : kind;
  return {
    name: `${kind} of ${rate * 100} % by ${target}`,
    strike: async () => {
      const plan: Plan = distribution(random.fork(), [[rate, behaviour]]);
      stage.providers[target].plan = plan;
      return async () => {
        stage.providers[target].plan = healthy;
      };
    },
  };
}

function redisFault(stage: Stage, random: Random): StormFault {
  const redis = stage.stores.redis!;
  return random.pick<StormFault>([
    { name: 'FLUSHALL', strike: async () => redis.flush().then(() => nothing) },
    {
      name: 'SIGSTOP redis',
      strike: async () => {
        redis.pause();
        return async () => redis.resume();
      },
    },
    { name: 'kill -9 redis', strike: () => redis.kill().then(() => () => redis.restart()) },
    {
      name: 'kill -9 redis, restarted empty',
      strike: () => redis.kill().then(() => () => redis.restart({ isEmpty: true })),
    },
  ]);
}

function postgresFault(stage: Stage, random: Random): StormFault {
  const postgres = stage.stores.postgres!;
  return random.pick<StormFault>([
    { name: 'kill -9 postgresql', strike: () => postgres.kill().then(() => () => postgres.restart()) },
    { name: 'SIGSTOP of a backend', strike: () => stopBackend(postgres.pid(), random) },
  ]);
}

/** One of the backends that serve a connection; the others go on. */
async function stopBackend(postmaster: number | undefined, random: Random): Promise<() => Promise<void>> {
  const backends = childrenOf(postmaster).filter((pid) => / 127\.0\.0\.1\(/.test(commandOf(pid)));
  if (backends.length === 0) return nothing;
  const pid = random.pick(backends);
  process.kill(pid, 'SIGSTOP');
  return async () => {
    if (childrenOf(postmaster).includes(pid)) process.kill(pid, 'SIGCONT');
  };
}

const readProc = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
};
const commandOf = (pid: number): string => readProc(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
const childrenOf = (parent: number | undefined): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) => / \w (\d+)/.exec(readProc(`/proc/${pid}/stat`).split(')')[1] ?? '')?.[1] === String(parent),
    );
