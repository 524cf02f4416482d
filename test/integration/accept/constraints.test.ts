import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHANNELS, IN_DOUBT_POLICIES, LANES } from '../../../src/domain/channel.js';
import { OUTCOME_KINDS } from '../../../src/domain/outcome.js';
import { STATUSES, UNDELIVERED } from '../../../src/domain/status.js';
import { SCOPES } from '../../../src/platform/auth/scopes.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

describe('the database agrees with the rules', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  /** The words that a column's CHECK allows. */
  async function wordsOf(table: string, column: string): Promise<string[]> {
    const { rows } = await pool.query<{ definition: string }>(
      `SELECT pg_get_constraintdef(c.oid) AS definition
         FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
        WHERE c.contype = 'c' AND c.conrelid = $1::regclass AND a.attname = $2`,
      [table, column],
    );
    return rows
      .flatMap(({ definition }) => [...definition.matchAll(/'([a-z_]+)'::text/g)].map(([, word]) => word!))
      .sort();
  }

  it.each([
    ['notifications', 'status', STATUSES],
    ['undelivered', 'status', UNDELIVERED],
    ['notifications', 'channel', CHANNELS],
    ['notifications', 'lane', LANES],
    ['notifications', 'on_in_doubt', IN_DOUBT_POLICIES],
    ['attempts', 'outcome', OUTCOME_KINDS],
    ['api_keys', 'scopes', SCOPES],
  ] as const)('%s.%s takes the words of the domain, all and no other', async (table, column, words) => {
    expect(await wordsOf(table, column)).toEqual([...words].sort());
  });

  const insert = (columns: Record<string, unknown>): Promise<unknown> => {
    const row: Record<string, unknown> = {
      id: '01890a5d-ac96-774b-bcce-b302099a8057',
      key_hash: Buffer.alloc(16),
      fingerprint: Buffer.alloc(9),
      type: 't',
      recipient: 'r',
      business_id: 'b',
      channel: 'email',
      lane: 'bulk',
      template: 't',
      payload: Buffer.alloc(1),
      status: 'accepted',
      deadline_at: new Date(),
      ...columns,
    };
    const names = Object.keys(row);
    return pool.query(
      `INSERT INTO notifications (${names.join()}) VALUES (${names.map((_, i) => `$${i + 1}`).join()})`,
      Object.values(row),
    );
  };

  it.each([
    ['a status that is none', { status: 'lost' }],
    ['sending without a worker', { status: 'sending' }],
    ['a worker without sending', { worker_id: '01890a5d-ac96-774b-bcce-b302099a8057' }],
    ['scheduled for no time', { status: 'scheduled' }],
    ['a webhook without an endpoint', { channel: 'webhook' }],
    ['a mail with an endpoint', { endpoint_id: '01890a5d-ac96-774b-bcce-b302099a8057' }],
    ['content without a recipient', { recipient: null }],
    ['content that is erased and there', { erased_at: new Date() }],
    ['more tries than attempts', { tries: 1, attempts: 0 }],
    ['half a key', { key_hash: Buffer.alloc(8) }],
  ])('cannot store %s', async (_, columns) => {
    await expect(insert(columns)).rejects.toMatchObject({ code: '23514' });
  });

  it('stores what is well, and one of a key only', async () => {
    await insert({});
    await expect(insert({ id: '01890a5d-ac96-774b-bcce-b302099a8058' })).rejects.toMatchObject({
      code: '23505',
    });
  });
});
