import pg from 'pg';

import { recipientKeyOf } from '../../src/accept/business-key.js';
import { fromPublicId } from '../../src/domain/public-id.js';
import { installationKey } from '../../src/platform/crypto/installation-key.js';
import { KeyedHasher } from '../../src/platform/crypto/keyed-hasher.js';
import { Sealer } from '../../src/platform/crypto/sealer.js';
import { query } from './cluster.js';
import type { Installation } from './posthaste.js';
import { tell } from './progress.js';

/** Whom the seeds went to; found by name, as callers find theirs. */
export const SEEDED_RECIPIENTS = 10_000;
export const recipientName = (at: number): string => `customer-${at}`;

const CHUNK = 250_000;

/**
 * What seeds begin with: uuids of version 7 over the last thirty days, in order, with 74 bits that only look random. A sealed
 * payload is as long as the bench's own. The random part of a key hash is spread over its index as the real one is.
 */
const ROWS = `
  SELECT i, (extract(epoch FROM now()) * 1000)::bigint - 2592000000 + i * (2588400000 / $2::bigint) AS ms,
         decode(md5('key' || $3 || i), 'hex') AS key_hash, decode(repeat(md5(i::text), 38), 'hex') AS payload
    FROM generate_series($1::bigint, $1::bigint + ${CHUNK - 1}) AS i WHERE i < $2::bigint`;
const ID = `(lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(i % 4096), 3, '0') || '8' || substr(md5($3 || i), 1, 15))::uuid`;

const insertIn = (lane: string): string => `
  WITH rows AS MATERIALIZED (SELECT *, ${ID} AS id, to_timestamp(ms / 1000.0) AS at FROM (${ROWS}) AS numbered)
  , inserted AS (
    INSERT INTO notifications (id, key_hash, fingerprint, type, recipient, business_id, recipient_key, channel, lane, template,
                               payload, endpoint_id, api_key_id, status, dispatch, attempts, tries, provider, created_at,
                               updated_at, deadline_at)
    SELECT id, key_hash, substr(payload, 1, 45), 'invoice.issued', 'customer-' || i % ${SEEDED_RECIPIENTS}, $3 || i,
           ($4::bigint[])[1 + (i % ${SEEDED_RECIPIENTS})::integer], 'webhook', '${lane}', 'invoice.issued', payload,
           ($5::uuid[])[1 + (i % cardinality($5::uuid[]))::integer], 'bench', `;

/** Done: nine hundred and ninety-nine of a thousand delivered, one dead; an attempt each. */
const SEED_OLD = `${insertIn('transactional')}
           CASE WHEN i % 1000 = 0 THEN 'dead' ELSE 'delivered' END, 1, 1, 1, 'webhooks', at, at, at + interval '3 days'
      FROM rows ORDER BY i RETURNING id, status, created_at, endpoint_id
  ), dead AS (
    INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, since)
    SELECT id, status, 'invoice.issued', 'webhook', 'webhooks', 'permanent', 'http_400', created_at
      FROM inserted WHERE status = 'dead'
  )
  INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, started_at, finished_at, outcome, class, code,
                        detail, duration_ms, endpoint_id)
  SELECT id, 1, 1, '00000000-0000-7000-8000-000000000000', 'webhooks', created_at, created_at,
         CASE status WHEN 'dead' THEN 'rejected' ELSE 'taken' END, CASE status WHEN 'dead' THEN 'permanent' END,
         CASE status WHEN 'dead' THEN '400' ELSE '200' END, 'The endpoint took it.', 12, endpoint_id
    FROM inserted`;

/** Owed, in the bulk lane. */
const SEED_WAITING = `${insertIn('bulk')}
           'accepted', 0, 0, 0, NULL, at, at, now() + interval '30 days'
      FROM rows ORDER BY i RETURNING id, created_at, endpoint_id
  )
  INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, endpoint_id)
  SELECT id, 'webhook', 'bulk', 'first', created_at, now() + interval '30 days', 'accepted', endpoint_id FROM inserted`;

/** Notifications of the last thirty days, as if they had been sent. */
export const seedOld = (at: Place, amount: number): Promise<void> =>
  seed(at, SEED_OLD, amount, 'old-', 'notifications, attempts, undelivered');

/** Notifications that wait in the bulk lane; their payloads open for nobody, so its queue must be paused for good. */
export const seedWaiting = (at: Place, amount: number): Promise<void> =>
  seed(at, SEED_WAITING, amount, 'waiting-', 'notifications, outbox');

export interface Place {
  databaseUrl: string;
  installation: Installation;
  endpoints: readonly string[];
}

async function seed(
  { databaseUrl, installation, endpoints }: Place,
  text: string,
  amount: number,
  name: string,
  tables: string,
): Promise<void> {
  const recipients = await recipientKeys(databaseUrl, installation);
  const ids = endpoints.map((one) => fromPublicId('endpoint', one));
  for (let from = 0; from < amount; from += CHUNK) {
    tell(`  seeds ${name}${from} of ${amount}`);
    await query(databaseUrl, text, [from, amount, name, recipients, ids]);
  }
  // As what is old has been for long. No other table: what was empty when it was analysed is planned for as empty.
  await query(databaseUrl, `VACUUM (FREEZE, ANALYZE) ${tables}`);
  await query(databaseUrl, 'CHECKPOINT');
}

async function recipientKeys(databaseUrl: string, { encryptionKey }: Installation): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  try {
    const key = await installationKey(pool, new Sealer(Buffer.from(encryptionKey, 'base64')));
    const hasher = new KeyedHasher(key);
    return Array.from({ length: SEEDED_RECIPIENTS }, (_, at) => recipientKeyOf(hasher, recipientName(at)));
  } finally {
    await pool.end();
  }
}
