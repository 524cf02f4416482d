import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { GateKeeper } from '../../../src/dispatch/gate-keeper.js';
import { GateWatch } from '../../../src/dispatch/gate-watch.js';
import { taken } from '../../../src/domain/outcome.js';
import { GatesStore } from '../../../src/gates/gates.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const QUIET = { info: () => undefined, warn: () => undefined } as never;
const NO_PROVIDERS = {} as never; // asked only when a probe has failed

describe('the call that was let through when a hold was over', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let gates: GatesStore;
  let watch: GateWatch;
  let keeper: GateKeeper;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    gates = new GatesStore(pool);
    watch = new GateWatch(gates, QUIET);
    keeper = new GateKeeper(NO_PROVIDERS, gates, watch, QUIET);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE gates, allowances');
    await gates.hold('provider', 'ses', 'breaker', -1_000, 'most of its calls fail');
    await watch.look();
  });

  const isHeld = async (): Promise<boolean> => (await gates.held()).isHeld('provider', 'ses');
  const isProbed = async (): Promise<boolean> => (await gates.held()).isProbed('provider', 'ses');

  it('opens the gate by its success', async () => {
    await keeper.observe(taken('250', 'ok'), 'ses', null);
    expect([await isHeld(), await isProbed()]).toEqual([false, false]);
  });

  it('takes nothing away from an operator who has closed it meanwhile', async () => {
    await gates.hold('provider', 'ses', 'breaker', undefined, 'opened by an operator');
    await keeper.observe(taken('250', 'ok'), 'ses', null);
    expect(await isHeld()).toBe(true);
  });
});
