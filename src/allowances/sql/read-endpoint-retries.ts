import type { PoolClient } from 'pg';

import { BUDGET_SLOTS } from '../../domain/retry-budget.js';

const READ_ENDPOINT_RETRIES = `
  SELECT key AS id, greatest(0, sum(retries))::integer AS retries
    FROM sends
   WHERE kind = 'endpoint' AND key = ANY ($1::text[])
     AND slot > floor(extract(epoch FROM statement_timestamp()) / 5)::bigint - ${BUDGET_SLOTS}
   GROUP BY key`;

/** Retries of each of these endpoints in the last minute; none for one that had none. */
export async function readEndpointRetries(
  tx: PoolClient,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await tx.query<{ id: string; retries: number }>({
    name: 'read_endpoint_retries',
    text: READ_ENDPOINT_RETRIES,
    values: [ids],
  });
  return new Map(rows.map(({ id, retries }) => [id, retries]));
}
