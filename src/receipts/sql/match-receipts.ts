import type { PoolClient } from 'pg';

export interface Named {
  id: string | null;
  providerMessageId: string | null;
}

/**
 * Whose each one is, in order; null where nobody knows (yet). Our own id comes first, and only if this provider was called
 * for it: who holds one provider's secret can say nothing of another's messages. Both are lookups by primary key.
 */
const MATCH_RECEIPTS = `
  SELECT coalesce(
           (SELECT a.notification_id FROM attempts a WHERE a.notification_id = i.id AND a.provider = $1 LIMIT 1),
           (SELECT m.notification_id FROM provider_messages m
             WHERE m.provider = $1 AND m.provider_message_id = i.message_id)) AS id
    FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS i (id, message_id, position)
   ORDER BY i.position`;

export async function matchReceipts(
  tx: PoolClient,
  provider: string,
  named: readonly Named[],
): Promise<(string | null)[]> {
  const { rows } = await tx.query<{ id: string | null }>({
    name: 'match_receipts',
    text: MATCH_RECEIPTS,
    values: [provider, named.map((one) => one.id), named.map((one) => one.providerMessageId)],
  });
  return rows.map((row) => row.id);
}
