import type { PoolClient } from 'pg';

import type { EndpointEntity } from '../endpoint.entity.js';

/** An endpoint under lock, as far as a change must know it. */
export interface LockedEndpoint {
  url: string;
  enabled: boolean;
  secret: Buffer;
  signingKey: Buffer | null;
}

/** Changes of one endpoint come one after the other. */
export async function lockEndpoint(tx: PoolClient, id: string): Promise<LockedEndpoint | undefined> {
  const { rows } = await tx.query<LockedEndpoint>(
    `SELECT url, enabled, secret, signing_key AS "signingKey" FROM endpoints WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0];
}

/** The columns that a change may write, by their property. */
const COLUMNS = {
  url: 'url',
  types: 'types',
  description: 'description',
  headers: 'headers',
  rateLimit: 'rate_limit',
  ratePerSecond: 'rate_per_second',
  concurrency: 'concurrency',
  timeoutMs: 'timeout_ms',
  secret: 'secret',
  signingKey: 'signing_key',
  publicKey: 'public_key',
} as const satisfies Partial<Record<keyof EndpointEntity, string>>;

export type EndpointColumns = Partial<Pick<EndpointEntity, keyof typeof COLUMNS>>;

export async function updateEndpoint(tx: PoolClient, id: string, columns: EndpointColumns): Promise<void> {
  const values: unknown[] = [id];
  const sets = (Object.keys(columns) as (keyof typeof COLUMNS)[]).map(
    (property) => `${COLUMNS[property]} = $${values.push(columns[property])}`,
  );
  await tx.query(`UPDATE endpoints SET ${[...sets, 'updated_at = now()'].join(', ')} WHERE id = $1`, values);
}

/**
 * Another URL is another receiver: what failed at the old one is forgotten. Workers know the old one for as long as the
 * directory keeps it, so attempts of that time are no evidence either.
 */
export async function judgeAnew(tx: PoolClient, id: string, cacheMs: number): Promise<void> {
  await tx.query(
    `UPDATE endpoints SET failing_since = NULL, judged_from = now() + $2 * interval '1 ms' WHERE id = $1`,
    [id, cacheMs],
  );
}

export async function deleteEndpoint(tx: PoolClient, id: string): Promise<boolean> {
  await tx.query(`DELETE FROM endpoint_retired_secrets WHERE endpoint_id = $1`, [id]);
  const { rowCount } = await tx.query(`DELETE FROM endpoints WHERE id = $1`, [id]);
  return rowCount === 1;
}
