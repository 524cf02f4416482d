import type { Pool, PoolClient } from 'pg';

import type { SuppressionDraft } from '../draft.js';
import { draftsIn, SUPPRESS_DRAFTS } from '../statement-parts.js';

const ADD = `
  WITH drafts AS (SELECT * FROM ${draftsIn('$1')}), ${SUPPRESS_DRAFTS}
  SELECT count(*)::integer AS count FROM suppressed`;

/** By key, so that it is one index lookup each; a statement of its own, because ADD does not see its own rows. */
const FIND = `
  SELECT k.ord, s.id, s.expires_at AS "expiresAt", s.created_at AS "createdAt"
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (address_hash, type, reason, ord)
    JOIN suppressions s ON s.address_hash = decode(k.address_hash, 'hex') AND s.type = k.type AND s.reason = k.reason`;

/** How many were added or renewed; the others were in force already, or do not count yet. */
export async function addSuppressions(
  tx: Pool | PoolClient,
  drafts: readonly SuppressionDraft[],
): Promise<number> {
  if (drafts.length === 0) return 0;
  const { rows } = await tx.query<{ count: number }>({
    name: 'add_suppressions',
    text: ADD,
    values: [JSON.stringify(drafts)],
  });
  return rows[0]!.count;
}

/** The ids under which these stand on the list, in order; undefined for what does not stand there. */
export async function findSuppressions(
  tx: Pool | PoolClient,
  drafts: readonly SuppressionDraft[],
): Promise<(string | undefined)[]> {
  const { rows } = await tx.query<{ ord: string; id: string }>({
    name: 'find_suppressions',
    text: FIND,
    values: [drafts.map((d) => d.address_hash), drafts.map((d) => d.type), drafts.map((d) => d.reason)],
  });
  const byPlace = new Map(rows.map((row) => [Number(row.ord), row.id]));
  return drafts.map((_, i) => byPlace.get(i + 1));
}
