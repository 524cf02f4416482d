import type { PoolClient } from 'pg';

/** An event as it is stored. `keyHash` is hex. */
export interface NewEvent {
  id: string;
  keyHash: string;
  fingerprint: Buffer;
  type: string;
  recipient: string | null;
  businessId: string;
  payload: Buffer;
  apiKeyId: string | null;
}

/**
 * A key that exists is left alone and not answered. Two transactions with the same key wait for each other here: the second
 * sees what the first committed, or takes its place.
 */
const INSERT_EVENTS = `
  INSERT INTO events (id, key_hash, fingerprint, type, recipient, business_id, payload, api_key_id)
  SELECT id, decode(key_hash, 'hex'), fingerprint, type, recipient, business_id, payload, api_key_id
    FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[])
      AS i (id, key_hash, fingerprint, type, recipient, business_id, payload, api_key_id)
   ORDER BY key_hash
  ON CONFLICT (key_hash) DO NOTHING
  RETURNING id`;

/** The ids of those that are new. */
export async function insertEvents(tx: PoolClient, events: readonly NewEvent[]): Promise<Set<string>> {
  const column = <K extends keyof NewEvent>(key: K) => events.map((event) => event[key]);
  const { rows } = await tx.query<{ id: string }>({
    name: 'insert_events',
    text: INSERT_EVENTS,
    values: [
      column('id'),
      column('keyHash'),
      column('fingerprint'),
      column('type'),
      column('recipient'),
      column('businessId'),
      column('payload'),
      column('apiKeyId'),
    ],
  });
  return new Set(rows.map((row) => row.id));
}
