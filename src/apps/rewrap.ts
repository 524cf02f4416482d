import pg from 'pg';

import { ConfigError, loadConfig } from '../platform/config/config.js';
import { rewrapColumn } from '../platform/crypto/rewrap.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { isMain } from './is-main.js';
import { SEALED_COLUMNS } from './sealed-columns.js';

/**
 * Seals with ENCRYPTION_KEY what ENCRYPTION_KEY_PREVIOUS has sealed. Answers how many values are sealed with neither.
 * It may run beside the service, be killed, and be run again.
 */
export async function rewrap(
  databaseUrl: string,
  sealer: Sealer,
  say: (line: string) => void,
): Promise<number> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'posthaste-rewrap',
    max: 1,
    allowExitOnIdle: true,
  });
  let unreadable = 0;
  try {
    for (const target of SEALED_COLUMNS) {
      const counts = await rewrapColumn(pool, sealer, target);
      const left = counts.unreadable > 0 ? `, ${counts.unreadable} sealed with neither key` : '';
      say(`${target.table}.${target.column}: ${counts.rewrapped} sealed anew${left}`);
      unreadable += counts.unreadable;
    }
  } finally {
    await pool.end();
  }
  return unreadable;
}

/** `npm run rewrap`. */
export async function main(): Promise<void> {
  const { databaseUrl, encryptionKey, encryptionKeyPrevious } = loadConfig().environment;
  if (databaseUrl === undefined || encryptionKey === undefined || encryptionKeyPrevious === undefined) {
    throw new ConfigError(['DATABASE_URL, ENCRYPTION_KEY and ENCRYPTION_KEY_PREVIOUS must be set.']);
  }
  const unreadable = await rewrap(databaseUrl, new Sealer(encryptionKey, encryptionKeyPrevious), (line) =>
    process.stdout.write(`${line}\n`),
  );
  if (unreadable > 0) {
    process.stdout.write('Keep the key that sealed the rest: without it they cannot be opened.\n');
    process.exitCode = 1;
  } else process.stdout.write('Everything is sealed with ENCRYPTION_KEY: the previous key may go.\n');
}

if (isMain(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  });
}
