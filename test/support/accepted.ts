import { randomBytes } from 'node:crypto';

import type { Pool, PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';

import { insertAccepted, type NewNotification } from '../../src/accept/sql/insert-accepted.js';

/** One as the door would store it: an email that may go now. */
export const acceptable = (changes: Partial<NewNotification> = {}): NewNotification => {
  const id = uuidv7();
  return {
    id,
    keyHash: randomBytes(16).toString('hex'),
    fingerprint: Buffer.alloc(0),
    type: 'welcome',
    recipient: 'ada@example.com',
    businessId: id,
    recipientKey: '1',
    channel: 'email',
    lane: 'transactional',
    template: 'welcome',
    locale: null,
    orderingKey: null,
    onInDoubt: null,
    payload: Buffer.alloc(1),
    eventId: null,
    endpointId: null,
    apiKeyId: 'test',
    sendAt: null,
    expiresAt: null,
    expiresInMs: null,
    deadlineMs: 3_600_000,
    addressHash: null,
    quietUntil: null,
    traceparent: null,
    ...changes,
  };
};

/** Accepts these in one statement. Answers their ids. */
export async function accept(
  db: Pool | PoolClient,
  changes: readonly Partial<NewNotification>[],
): Promise<string[]> {
  const rows = changes.map(acceptable);
  await insertAccepted(db, rows, false);
  return rows.map(({ id }) => id);
}
