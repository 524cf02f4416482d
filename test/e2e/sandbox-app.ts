import { randomBytes } from 'node:crypto';

import { createDoorPool } from '../../src/platform/database/pools.js';
import { Catchers } from '../../src/sandbox/catchers.js';
import { FaultsStore } from '../../src/sandbox/faults.store.js';
import { HookCatcher } from '../../src/sandbox/hook-catcher.js';
import { hookRoutes } from '../../src/sandbox/hook-routes.js';
import { SandboxPageController } from '../../src/sandbox/sandbox-page.controller.js';
import { SandboxController } from '../../src/sandbox/sandbox.controller.js';
import { SandboxStore } from '../../src/sandbox/sandbox.store.js';
import { startPart } from './part-app.js';

export const HOOK_SECRET = `whsec_${randomBytes(24).toString('base64')}`;

/** The sandbox alone, as the API and a worker hold it: real pages, real catchers, a real database. */
export async function startSandbox(databaseUrl: string) {
  const pool = createDoorPool(databaseUrl);
  const store = new SandboxStore(pool);
  const faults = new FaultsStore(pool);
  const hooks = new HookCatcher(store, faults, async (url) =>
    url.endsWith('/hooks/demo') ? [HOOK_SECRET] : [],
  );
  const { url, apiKey, stop } = await startPart(pool, {
    controllers: [SandboxController, SandboxPageController],
    providers: [
      { provide: SandboxStore, useValue: store },
      { provide: FaultsStore, useValue: faults },
    ],
    plugin: hookRoutes(hooks),
  });
  const catchers = new Catchers(store, faults);
  const addresses = await catchers.start();
  return {
    url,
    apiKey,
    addresses,
    store,
    faults,
    stop: async () => {
      await catchers.stop();
      await stop();
    },
  };
}
