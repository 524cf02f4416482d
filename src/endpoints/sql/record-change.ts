import type { PoolClient } from 'pg';

/** What happened to an endpoint. `apiKeyId` is null when nobody asked for it: a 410, or days of failure. */
export interface EndpointChange {
  endpointId: string;
  change: 'updated' | 'disabled' | 'enabled' | 'rotated' | 'deleted';
  /** Names and reasons, never a secret, a header's value or a URL. */
  reason: string | null;
  apiKeyId: string | null;
}

/** In the transaction of the change: there is none without its entry. */
export async function recordChange(
  tx: PoolClient,
  { endpointId, change, reason, apiKeyId }: EndpointChange,
): Promise<void> {
  await tx.query(
    `INSERT INTO endpoint_changes (endpoint_id, change, reason, api_key_id) VALUES ($1, $2, $3, $4)`,
    [endpointId, change, reason, apiKeyId],
  );
}
