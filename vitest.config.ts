import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

/**
 * `unit` needs nothing but Node; `integration` shares one real PostgreSQL (and Redis) per run; `reliability` breaks what it
 * has made itself, one file at a time, because a fault next door would be one too many.
 */
export default defineConfig({
  // As package.json has it without `posthaste-faults`, but of the sources.
  resolve: {
    alias: { '#crash-point': fileURLToPath(new URL('src/platform/faults/crash-point.ts', import.meta.url)) },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          testTimeout: 30_000, // what none needs on an idle machine, and some on a busy one
          include: [
            'src/**/*.test.ts',
            'test/unit/**/*.test.ts',
            'test/contract/**/*.test.ts',
            'test/architecture/**/*.test.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: ['test/{integration,e2e}/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/leaks.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: 'forks',
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'reliability',
          sequence: { groupOrder: 2 },
          include: ['test/reliability/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/leaks.ts'],
          testTimeout: 240_000,
          hookTimeout: 60_000,
          pool: 'forks',
          maxWorkers: 1,
        },
      },
    ],
    reporters: ['default'],
  },
});
