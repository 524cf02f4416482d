import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { GatesStore } from '../../../src/gates/gates.store.js';
import { KeyedHasher } from '../../../src/platform/crypto/keyed-hasher.js';
import { Sealer } from '../../../src/platform/crypto/sealer.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { Suppressions } from '../../../src/suppressions/suppressions.js';
import { Leftovers } from '../../../src/upkeep/leftovers.upkeep.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

/** More than two statements delete. */
const MANY = 12_001;

describe('what has served its time', () => {
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

  it('is removed in steps, all of it and nothing else', async () => {
    const sealing = [new KeyedHasher(Buffer.alloc(32, 1)), new Sealer(Buffer.alloc(32, 2))] as const;
    await pool.query(
      `INSERT INTO provider_messages (provider, provider_message_id, notification_id, at)
       SELECT 'ses', n::text, gen_random_uuid(), now() - CASE WHEN n <= $1 THEN interval '91 days' ELSE interval '89 days' END
         FROM generate_series(1, $1 + 3) n`,
      [MANY],
    );
    const statements: number[] = [];
    const counted = {
      query: async (text: string) => {
        const result = await pool.query(text);
        if (text.includes('provider_messages')) statements.push(result.rowCount!);
        return result;
      },
    } as unknown as WorkPool;
    const leftovers = new Leftovers(new GatesStore(pool), new Suppressions(...sealing, pool), counted);
    expect(await leftovers.runOnce()).toMatchObject({ provider_messages: MANY });
    expect(statements).toEqual([5_000, 5_000, MANY - 10_000]);
    const { rows } = await pool.query(
      'SELECT provider_message_id::integer AS n FROM provider_messages ORDER BY 1',
    );
    expect(rows.map(({ n }) => n)).toEqual([MANY + 1, MANY + 2, MANY + 3]);
    expect(await leftovers.runOnce()).toMatchObject({ provider_messages: 0 });
  });
});
