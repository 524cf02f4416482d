import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { GatesStore } from '../../../src/gates/gates.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const PATIENCE_MS = 30_000;
const ENDPOINT = uuidv7();

describe('gates that are being tried', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let gates: GatesStore;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    gates = new GatesStore(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE gates, attempts');
    await gates.hold('provider', 'ses', 'breaker', -60_000, 'most of its calls fail');
    await gates.hold('endpoint', ENDPOINT, 'endpoint', -60_000, 'most of its calls fail');
  });

  const call = (
    provider: string,
    agoS: number,
    endpointId: string | null = null,
    outcome: string | null = null,
  ) =>
    pool.query(
      `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, endpoint_id, started_at, outcome, finished_at)
       VALUES ($1, 1, 1, $1, $2, $3, now() - $4 * interval '1 s', $5, CASE WHEN $5::text IS NOT NULL THEN now() END)`,
      [uuidv7(), provider, endpointId, agoS, outcome],
    );
  const tried = async () => {
    const trials = await gates.underTrial(PATIENCE_MS);
    return { provider: trials.has('provider', 'ses'), endpoint: trials.has('endpoint', ENDPOINT) };
  };

  it('are those with a call under way', async () => {
    expect(await tried()).toEqual({ provider: false, endpoint: false });
    await call('ses', 5);
    expect(await tried()).toEqual({ provider: true, endpoint: false });
    await call('hooks', 5, ENDPOINT);
    expect(await tried()).toEqual({ provider: true, endpoint: true });
  });

  it.each([
    ['has ended', () => call('ses', 5, null, 'taken')],
    ['began before the hold was over: it is one of those that opened it', () => call('ses', 61)],
    ['hangs for so long that the next is to be tried', () => call('ses', 31)],
    ['is another provider’s', () => call('mailgun', 5)],
  ])('are not those whose call %s', async (_, begin) => {
    await begin();
    expect(await tried()).toMatchObject({ provider: false });
  });

  it('are not those that are held, again or still', async () => {
    await call('ses', 5);
    await gates.hold('provider', 'ses', 'breaker', 60_000, 'most of its calls fail');
    expect(await tried()).toMatchObject({ provider: false });
  });
});
