import type { Pool, PoolClient } from 'pg';

import type { OwnEventType } from '../../domain/event-type.js';
import { SOMEBODY_LISTENS } from '../telling.js';

export interface OwnEvent {
  type: Exclude<OwnEventType, `posthaste.notification.${string}`>;
  /** Its key: said twice with the same, it is told once. At most 256 characters. */
  businessId: string;
  /** Whom it concerns: only endpoints of this recipient, and those that listen to everybody, are told. */
  recipient: string | null;
  /** As the catalogue shows it for the type, without `at`. No address and no secret. */
  data: Readonly<Record<string, unknown>>;
}

/** Nothing is written when nobody listens: what nobody hears need not wait for its runner. */
const INSERT_OWN_EVENT = `
  INSERT INTO own_events (type, business_id, recipient, data)
  SELECT $1::text, $2::text, $3::text, $4::jsonb WHERE ${SOMEBODY_LISTENS}`;

export async function insertOwnEvent(
  tx: Pool | PoolClient,
  { type, businessId, recipient, data }: OwnEvent,
): Promise<void> {
  await tx.query({
    name: 'insert_own_event',
    text: INSERT_OWN_EVENT,
    values: [type, businessId, recipient, JSON.stringify(data)],
  });
}
