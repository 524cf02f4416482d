import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { GateKeeper } from '../../../src/dispatch/gate-keeper.js';
import { GateWatch } from '../../../src/dispatch/gate-watch.js';
import { failed, type FailureScope, taken } from '../../../src/domain/outcome.js';
import { GatesStore } from '../../../src/gates/gates.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

const QUIET = { info: () => undefined, warn: () => undefined } as never;
const PROVIDERS = { provider: () => ({ breaker: { resetMs: 60_000 } }) } as never;
const ENDPOINT = '01930000-0000-7000-8000-000000000001';

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
    keeper = new GateKeeper(PROVIDERS, gates, watch, QUIET);
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

  it('is let through and opens it also when our credentials were refused', async () => {
    await pool.query('TRUNCATE gates');
    await gates.hold('provider', 'ses', 'configuration', -1_000, 'smtp_535');
    await watch.look();
    expect([await isHeld(), await isProbed()]).toEqual([false, true]);
    await keeper.observe(taken('250', 'ok'), 'ses', null);
    expect([await isHeld(), await isProbed()]).toEqual([false, false]);
    const { rows } = await pool.query('SELECT ramp_since IS NOT NULL AS recovers FROM allowances');
    expect(rows).toEqual([{ recovers: true }]);
  });

  it('takes nothing away from an operator who has closed it meanwhile', async () => {
    await gates.hold('provider', 'ses', 'breaker', undefined, 'opened by an operator');
    await keeper.observe(taken('250', 'ok'), 'ses', null);
    expect(await isHeld()).toBe(true);
  });

  const refusal = (kind: 'deferred' | 'rejected' | 'not_sent' | 'in_doubt', scope: FailureScope) =>
    failed(kind, { class: 'permanent', code: 'smtp_550', detail: '', scope });

  it.each(['deferred', 'rejected'] as const)(
    'opens the gate also when this one message was %s: the provider answers',
    async (kind) => {
      expect(await keeper.observe(refusal(kind, 'message'), 'ses', null)).toBe(true);
      expect([await isHeld(), await isProbed()]).toEqual([false, false]);
    },
  );

  it.each(['not_sent', 'in_doubt'] as const)('proves nothing when it is %s', async (kind) => {
    await keeper.observe(refusal(kind, 'message'), 'ses', null);
    expect([await isHeld(), await isProbed()]).toEqual([false, true]);
  });

  it('holds it again when the failure is the provider’s', async () => {
    await keeper.observe(refusal('deferred', 'provider'), 'ses', null);
    expect([await isHeld(), await isProbed()]).toEqual([true, false]);
  });

  it.each([
    ['opens the gate of an endpoint that refused this one message', 'message', [false, false]],
    ['holds that of an endpoint whose own fault it was', 'endpoint', [true, false]],
  ] as const)('%s', async (_, scope, expected) => {
    await gates.hold('endpoint', ENDPOINT, 'endpoint', -1_000, 'most of its calls fail');
    await watch.look();
    await keeper.observe(refusal('deferred', scope), 'hooks', ENDPOINT);
    const held = await gates.held();
    expect([held.isHeld('endpoint', ENDPOINT), held.isProbed('endpoint', ENDPOINT)]).toEqual(expected);
  });

  it('is said not to be written while PostgreSQL is away, and can be said again', async () => {
    const away = new GatesStore({ query: () => Promise.reject(new Error('away')) } as never);
    const deaf = new GateKeeper(PROVIDERS, away, watch, QUIET);
    expect(await deaf.observe(taken('250', 'ok'), 'ses', null)).toBe(false);
    expect(await keeper.observe(taken('250', 'ok'), 'ses', null)).toBe(true);
    expect(await isProbed()).toBe(false);
  });
});
