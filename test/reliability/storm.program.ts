import { Random } from '../support/random.js';
import { Stage } from './support/stage.js';
import { ownStores } from './support/stores.js';
import { drawFault, LONGEST_MS } from './support/storm-faults.js';
import { StormLoad } from './support/storm-load.js';
import { Supervised } from './support/supervisor.js';
import { isGreen, verdictText } from './support/verdict-text.js';

interface StormOptions {
  seed: number;
  minutes: number;
  backend: 'redis' | 'postgresql';
}

/** Of what the machine carries: with half of it broken at any time, the rest must keep up. */
const LOAD_SHARE = 0.3;
const BURST = 1_000;
/** The outage that was the last, and everything that waits for it: row 15's bound. */
const RECOVERS_WITHIN_MS = 120_000;

/** `npm run test:reliability -- --seed N --minutes M [--backend redis|postgresql]`: one random fault every 5 to 15 s. */
async function main(words: readonly string[]): Promise<number> {
  const options = readOptions(words);
  const title = `storm, seed ${options.seed}, ${options.minutes} min, queues on ${options.backend}`;
  console.log(`${title}\n`);
  const stage = await Stage.open(await ownStores(options.backend));
  const processes = ROLES.map((role) => new Supervised(stage, role));
  try {
    processes.forEach((one) => one.begin());
    const names = await storm(stage, processes, options);
    const verdict = await stage.verdict({
      recoversWithinMs: RECOVERS_WITHIN_MS,
      answerSlackMs: names.includes('SIGSTOP api') ? LONGEST_MS : 0,
    });
    console.log(`\n${verdictText(`${title}: ${names.length} faults`, verdict)}`);
    console.log(`  in the end: ${JSON.stringify(await stage.countByStatus())}`);
    if (isGreen(verdict)) return 0;
    const { seed, minutes, backend } = options;
    console.log(
      `\nAgain: npm run test:reliability -- --seed ${seed} --minutes ${minutes} --backend ${backend}`,
    );
    return 1;
  } finally {
    await Promise.all(processes.map((one) => one.end()));
    await stage.stop();
  }
}

const ROLES = ['api', 'api', 'relay', 'relay', 'worker', 'worker'] as const;

async function storm(
  stage: Stage,
  processes: readonly Supervised[],
  { seed, minutes }: StormOptions,
): Promise<string[]> {
  const random = new Random(seed);
  while (processes.some((one) => !one.current)) await pause(100);
  const paths = ['/a', '/b', '/c', '/d', '/e'];
  const endpoints = await Promise.all(paths.map((path) => stage.createEndpoint(path)));
  const load = new StormLoad(stage, endpoints, random.fork());
  const capacity = await load.measure(BURST);
  const rate = capacity * LOAD_SHARE;
  console.log(`  carries ${capacity.toFixed(0)}/s from end to end; the load is ${rate.toFixed(0)}/s\n`);
  const running = load.run(rate);
  const names = await strike(stage, processes, random, minutes * 60_000);
  load.stop();
  await running;
  const starts = processes.map(({ role, starts: times }) => `${role} ${times}×`).join(', ');
  console.log(`\n  sent ${load.sent}; started ${starts}`);
  processes.flatMap(({ ownEnds }) => ownEnds).forEach((end) => console.log(`  ${end}`));
  return names;
}

/** One fault after the other, each put right before the next. Answers their names. */
async function strike(
  stage: Stage,
  processes: readonly Supervised[],
  random: Random,
  forMs: number,
): Promise<string[]> {
  const from = performance.now();
  const names: string[] = [];
  while (performance.now() - from < forMs) {
    const [holdsMs, gapMs] = [random.integer(1_000, LONGEST_MS), random.integer(4_000, 9_000)];
    const fault = drawFault(stage, processes, random);
    names.push(fault.name);
    const at = ((performance.now() - from) / 1_000).toFixed(1).padStart(6);
    console.log(`  ${at} s  ${fault.name} for ${(holdsMs / 1_000).toFixed(1)} s`);
    const heal = await fault.strike();
    await pause(holdsMs);
    await heal();
    await pause(gapMs);
  }
  return names;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function readOptions(words: readonly string[]): StormOptions {
  const valueOf = (name: string): string | undefined => {
    const at = words.indexOf(`--${name}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const backend = valueOf('backend') ?? 'redis';
  if (backend !== 'redis' && backend !== 'postgresql') throw new Error('--backend is redis or postgresql.');
  const seed = Number(valueOf('seed') ?? Math.floor(Math.random() * 2 ** 31));
  const minutes = Number(valueOf('minutes') ?? 3);
  if (!Number.isInteger(seed) || !(minutes > 0)) throw new Error('--seed and --minutes are numbers.');
  return { seed, minutes, backend };
}

process.exit(await main(process.argv.slice(2)));
