import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { insertAccepted, type NewNotification } from '../../../src/accept/sql/insert-accepted.js';
import { byteaArray } from '../../../src/platform/database/column-arrays.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { acceptable } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

/** Every second row has what most have not. */
const rowAt = (at: number): Partial<NewNotification> => ({
  fingerprint: randomBytes(at % 70),
  payload: randomBytes(1 + at),
  businessId: `{"b",${at}}`,
  ...(at % 2 === 0 && {
    locale: 'de',
    onInDoubt: 'park',
    addressHash: randomBytes(32).toString('hex'),
    sendAt: '2099-01-01T00:00:00.000Z',
    expiresAt: '2099-01-02T00:00:00.000Z',
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  }),
});
const hex = (value: Buffer | string): Buffer => Buffer.from(value as string, 'hex');

describe('what a group hands to the accept statement', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const stored = async (id: string) =>
    (
      await pool.query(
        `SELECT key_hash, fingerprint, payload, business_id, locale, on_in_doubt, address_hash, send_at, expires_at, traceparent,
                api_key_id, ordering_key FROM notifications WHERE id = $1`,
        [id],
      )
    ).rows[0];

  it.each([1, 2, 64, 65, 200])('is what each row of %i has, whole and its own', async (count) => {
    const rows = Array.from({ length: count }, (_, at) => acceptable(rowAt(at)));
    expect(await insertAccepted(pool, rows, false)).toHaveLength(count);
    for (const row of rows) {
      expect(await stored(row.id)).toEqual({
        key_hash: hex(row.keyHash),
        fingerprint: row.fingerprint,
        payload: row.payload,
        business_id: row.businessId,
        locale: row.locale,
        on_in_doubt: row.onInDoubt,
        address_hash: row.addressHash === null ? null : hex(row.addressHash),
        send_at: row.sendAt && new Date(row.sendAt),
        expires_at: row.expiresAt && new Date(row.expiresAt),
        traceparent: row.traceparent,
        api_key_id: 'test',
        ordering_key: null,
      });
    }
  });

  it('is read as binary arrays are: empty, with empty values, with none', async () => {
    const values = [Buffer.alloc(0), null, Buffer.of(0, 255), Buffer.alloc(70_000, 7)];
    const read = async (array: (Buffer | null)[]) =>
      (await pool.query<{ given: (Buffer | null)[] }>('SELECT $1::bytea[] AS given', [byteaArray(array)]))
        .rows[0]!.given;
    expect(await read(values)).toEqual(values);
    expect(await read([])).toEqual([]);
    expect(await read([null])).toEqual([null]);
  });
});
