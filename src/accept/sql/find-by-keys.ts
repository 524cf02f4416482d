import type { Pool } from 'pg';

import type { Status } from '../../domain/status.js';

export interface KnownNotification {
  id: string;
  keyHash: string;
  fingerprint: Buffer;
  status: Status;
  isErased: boolean;
}

/** Who holds these keys (hex). A statement of its own, so that it sees what committed while the insert waited. */
export async function findByKeys(pool: Pool, keyHashes: readonly string[]): Promise<KnownNotification[]> {
  const { rows } = await pool.query<KnownNotification>({
    name: 'find_by_keys',
    text: `SELECT id, encode(key_hash, 'hex') AS "keyHash", fingerprint, status, erased_at IS NOT NULL AS "isErased"
             FROM notifications
            WHERE key_hash = ANY (ARRAY(SELECT decode(k, 'hex') FROM unnest($1::text[]) AS k))`,
    values: [keyHashes],
  });
  return rows;
}
