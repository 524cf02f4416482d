import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from './build.mjs';
import { Fault } from './fault.mjs';
import { installPackages } from './install.mjs';
import { Life } from './life.mjs';
import { phase } from './phases.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** `npm test`: ends with vitest's exit code. */
export async function runTest(args) {
  const life = new Life();
  try {
    await phase('packages', () => installPackages(life, root));
    await phase('build', () => build(life, root));
    await life.end(await vitest(life, args));
  } catch (error) {
    if (!life.isEnding) console.error(`\n  ${error instanceof Fault ? error.message : error.stack}\n`);
    await life.end(1);
  }
}

function vitest(life, args) {
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [program, 'run', ...args], { cwd: root, stdio: 'inherit' });
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  // Its global set-up stops a PostgreSQL on the way out: it is asked, and waited for.
  life.owe({
    end: () => (child.exitCode === null && child.kill('SIGTERM'), exited),
    force: () => child.kill('SIGKILL'),
  });
  return exited;
}
