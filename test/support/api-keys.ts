import { createHash, randomBytes } from 'node:crypto';

import type { Pool } from 'pg';

import type { Scope } from '../../src/platform/auth/scopes.js';

/** A key as an operator would have made it; `ph_<keyid>_<secret>`. */
export async function createKey(
  pool: Pool,
  scopes: readonly Scope[],
  { expiresAt, revokedAt }: { expiresAt?: Date; revokedAt?: Date } = {},
): Promise<string> {
  const [id, secret] = [randomBytes(6).toString('hex'), randomBytes(32).toString('hex')];
  await pool.query(
    `INSERT INTO api_keys (id, name, secret_hash, scopes, expires_at, revoked_at) VALUES ($1, 'test', $2, $3, $4, $5)`,
    [id, createHash('sha256').update(secret).digest(), scopes, expiresAt ?? null, revokedAt ?? null],
  );
  return `ph_${id}_${secret}`;
}
