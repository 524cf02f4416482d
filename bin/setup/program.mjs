import { spawn } from 'node:child_process';

import { Fault } from './fault.mjs';

/**
 * Runs a program to its end within a life. Resolves to its output (empty when it is shown as it comes).
 * Throws a Fault that begins with `complaint` when it fails.
 */
export async function runProgram(
  life,
  command,
  args,
  { complaint, cwd, env = process.env, isShown = false },
) {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const closed = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`),
    );
  });
  const settle = life.owe({
    end: () => (child.kill('SIGTERM'), closed),
    force: () => child.kill('SIGKILL'),
  });
  const failure = await closed;
  settle();
  if (failure) throw new Fault(`${complaint} (${failure})${output ? `\n${output.trimEnd()}` : ''}`);
  return output;
}
