import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { UpkeepTurns } from '../../../src/upkeep/upkeep-turns.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { waitFor } from '../../support/wait-for.js';

const MANY = Array.from({ length: 30 }, (_, i) => `service ${i}`);

describe('turns of upkeep', () => {
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

  it('are one process’s at a time, and the next one’s when they are given back', async () => {
    const [ours, theirs] = [new UpkeepTurns(pool), new UpkeepTurns(pool)];
    expect(await ours.take('overdue')).toBe(true);
    expect(await theirs.take('overdue')).toBe(false);
    expect(await theirs.take('lost_hints')).toBe(true);
    await ours.giveBack('overdue');
    expect(await theirs.take('overdue')).toBe(true);
    await Promise.all([ours.close(), theirs.close()]);
  });

  it('leave the connections to those who have them, however many services run at once', async () => {
    const turns = new UpkeepTurns(pool);
    const answers = await Promise.all(
      MANY.map(async (name) => {
        if (!(await turns.take(name))) return undefined;
        const { rows } = await pool.query('SELECT 1 AS one');
        await turns.giveBack(name);
        return rows[0].one as number;
      }),
    );
    expect(answers).toEqual(MANY.map(() => 1));
    await turns.close();
  });

  it('ask one after the other: a connection that has a question is not asked the next', async () => {
    let underWay = 0;
    let most = 0;
    const counting = {
      connect: async () => {
        const client = await pool.connect();
        const query = client.query.bind(client) as (...values: unknown[]) => Promise<unknown>;
        client.query = (async (...values: unknown[]) => {
          most = Math.max(most, ++underWay);
          return query(...values).finally(() => underWay--);
        }) as never;
        return client;
      },
    };
    const turns = new UpkeepTurns(counting as WorkPool);
    expect(await Promise.all(MANY.map((name) => turns.take(name)))).toEqual(MANY.map(() => true));
    expect(most).toBe(1);
    await turns.close();
  });

  it('are over when their connection breaks, and are taken anew on another', async () => {
    const [ours, theirs] = [new UpkeepTurns(pool), new UpkeepTurns(pool)];
    expect(await ours.take('overdue')).toBe(true);
    await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (
         SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await waitFor(() => theirs.take('overdue'), { what: 'the turn of the one that is gone' });
    await ours.giveBack('overdue');
    expect(await ours.take('overdue')).toBe(false);
    await Promise.all([ours.close(), theirs.close()]);
  });
});
