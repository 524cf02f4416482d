import { randomBytes } from 'node:crypto';

import type { Pool } from 'pg';

import type { Sealer } from './sealer.js';

export const INSTALLATION_CONTEXT = 'installation hash key';
const KEY_BYTES = 32;

/**
 * The key of all keyed hashes of this installation: made once, kept in the database, sealed by ENCRYPTION_KEY. It must
 * never change (every duplicate is recognised by it), while ENCRYPTION_KEY may.
 *
 * Throws when ENCRYPTION_KEY is not the one that sealed it: going on would forget every key ever accepted.
 */
export async function installationKey(pool: Pool, sealer: Sealer): Promise<Buffer> {
  const fresh = sealer.seal(randomBytes(KEY_BYTES), INSTALLATION_CONTEXT);
  await pool.query(`INSERT INTO installation (hash_key) VALUES ($1) ON CONFLICT DO NOTHING`, [fresh]);
  const { rows } = await pool.query<{ hash_key: Buffer }>(`SELECT hash_key FROM installation`);
  return sealer.open(rows[0]!.hash_key, INSTALLATION_CONTEXT);
}
