import 'reflect-metadata';

import { stepBack } from './apps/step-back.js';
import { ConfigError, loadConfig } from './platform/config/config.js';
import { boundHeapGrowth } from './platform/heap-growth.js';

/** An orchestrator kills after 30 s; whatever hangs then is cut by us, not by it. */
const SHUTDOWN_MS = 25_000;

async function main(): Promise<void> {
  boundHeapGrowth();
  const config = loadConfig();
  stepBack(config);
  // Loaded only now: the bounds that V8 sets itself while it loads stay until its next full collection.
  const { startPosthaste } = await import('./apps/posthaste.js');
  const posthaste = await startPosthaste(config);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    posthaste.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop); // whoever started us is gone
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
});
