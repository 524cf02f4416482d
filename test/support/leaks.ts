import { afterAll, expect } from 'vitest';

/** What a test file may not leave behind: sockets and servers of its own. */
const LEAKS = ['TCPServerWrap', 'TCPSocketWrap', 'PipeWrap'];
const CLOSING_MS = 5_000;

const count = (): Record<string, number> => {
  const all = process.getActiveResourcesInfo();
  return Object.fromEntries(LEAKS.map((name) => [name, all.filter((one) => one === name).length]));
};

const before = count();

// Registered before the file's own hooks, so it runs after them. What is being closed may take a moment.
afterAll(async () => {
  const isBack = (): boolean => LEAKS.every((name) => count()[name]! <= before[name]!);
  const deadline = performance.now() + CLOSING_MS;
  while (!isBack() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isBack(), `left open: ${JSON.stringify(count())}, at the beginning: ${JSON.stringify(before)}`).toBe(
    true,
  );
});
