import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** Resolves when it holds; throws with what was waited for when it does not in time. */
export async function waitFor(
  what: string,
  holds: () => Promise<boolean> | boolean,
  withinMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`After ${withinMs} ms there was still not: ${what}.`);
    await pause(LOOK_EVERY_MS);
  }
}
