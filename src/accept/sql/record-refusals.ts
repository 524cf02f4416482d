import type { Pool } from 'pg';

import type { Lane } from '../../domain/channel.js';

/** What was turned away since it was last told. `apiKeyId`: whose share was full; empty: the lane was. */
export interface Refusals {
  lane: Lane;
  apiKeyId: string;
  refused: number;
}

/** Refusals further apart than this are two stories. The alert asks for the last half of it. */
const RECORD_REFUSALS = `
  INSERT INTO refusals AS r (lane, api_key_id, refused)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS i (lane, api_key_id, refused) ORDER BY 1, 2
  ON CONFLICT (lane, api_key_id) DO UPDATE
    SET since = CASE WHEN r.last_at < now() - interval '1 minute' THEN now() ELSE r.since END,
        refused = excluded.refused + CASE WHEN r.last_at < now() - interval '1 minute' THEN 0 ELSE r.refused END,
        last_at = now()`;

export async function recordRefusals(pool: Pool, all: readonly Refusals[]): Promise<void> {
  await pool.query({
    name: 'record_refusals',
    text: RECORD_REFUSALS,
    values: [
      all.map(({ lane }) => lane),
      all.map(({ apiKeyId }) => apiKeyId),
      all.map(({ refused }) => refused),
    ],
  });
}
