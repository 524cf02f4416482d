import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from './build.mjs';
import { Fault } from './fault.mjs';
import { installPackages } from './install.mjs';
import { Life } from './life.mjs';
import { phase } from './phases.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The faults take as long as everything else together, and run by themselves. */
const PROJECTS = ['--project', 'unit', '--project', 'integration'];

/** `npm test`: ends with vitest's exit code. */
export async function runTest(args) {
  const life = new Life();
  try {
    await phase('packages', () => installPackages(life, root));
    await phase('build', () => build(life, root));
    await life.end(await vitest(life, [...PROJECTS, ...args]));
  } catch (error) {
    if (!life.isEnding) console.error(`\n  ${error instanceof Fault ? error.message : error.stack}\n`);
    await life.end(1);
  }
}

const PROGRAMS = {
  '--prove-red': 'dist/test/reliability/prove-red.program.js',
  '--seed': 'dist/test/reliability/storm.program.js',
  '--minutes': 'dist/test/reliability/storm.program.js',
};

/** `npm run test:reliability`: the matrix of faults; with `--seed` or `--minutes` a storm, with `--prove-red` the proofs. */
export async function runReliability(args) {
  const life = new Life();
  const flag = args.find((word) => word in PROGRAMS);
  try {
    await phase('packages', () => installPackages(life, root));
    await phase('build', () => build(life, root));
    const ended = flag
      ? run(life, [join(root, PROGRAMS[flag]), ...args])
      : vitest(life, ['--project', 'reliability', ...args]);
    await life.end(await ended);
  } catch (error) {
    if (!life.isEnding) console.error(`\n  ${error instanceof Fault ? error.message : error.stack}\n`);
    await life.end(1);
  }
}

const vitest = (life, args) =>
  run(life, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args]);

function run(life, words) {
  const child = spawn(process.execPath, words, { cwd: root, stdio: 'inherit' });
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  // Its global set-up stops a PostgreSQL on the way out: it is asked, and waited for.
  life.owe({
    end: () => (child.exitCode === null && child.kill('SIGTERM'), exited),
    force: () => child.kill('SIGKILL'),
  });
  return exited;
}
