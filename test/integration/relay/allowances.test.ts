import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AllowancesStore } from '../../../src/allowances/allowances.store.js';
import { allowanceOf } from '../../../src/allowances/provider-allowance.js';
import type { NewNotification } from '../../../src/accept/sql/insert-accepted.js';
import { GatesStore } from '../../../src/gates/gates.store.js';
import { OutboxStore, type Published } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { HandBacks } from '../../../src/relay/hand-backs.service.js';
import { accept } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import { waitFor } from '../../support/wait-for.js';

const TERMS = {
  name: 'ses',
  concurrency: 20,
  ratePerSecond: undefined,
  retryBudget: { share: 0.2, minimum: 10 },
};

describe('allowances in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: WorkPool;
  let allowances: AllowancesStore;
  let gates: GatesStore;
  let handBacks: HandBacks;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createWorkPool(database.url);
    allowances = new AllowancesStore(pool);
    gates = new GatesStore(pool);
    handBacks = new HandBacks(allowances, new OutboxStore(pool));
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE allowances, gates, sends');
  });

  const allowance = async (terms: { ratePerSecond: number | undefined } = TERMS) =>
    allowanceOf({ ...TERMS, ...terms }, (await allowances.standings(['ses'])).get('ses')!);

  it.each(['breaker', 'pause'] as const)(
    'let a provider recover by a ramp from the commit that ends its %s',
    async (holder) => {
      expect(await allowance()).toMatchObject({ ratePerSecond: undefined, tokens: Infinity });
      await gates.hold('provider', 'ses', holder, undefined, 'an outage');
      expect(await gates.release('provider', 'ses', holder)).toBe(true);
      const first = await allowance();
      expect(first).toMatchObject({ ratePerSecond: 20, isRecovering: true });
      expect(first.tokens).toBeGreaterThanOrEqual(1);
      expect(first.tokens).toBeLessThanOrEqual(20);
      expect(await gates.release('provider', 'ses', holder)).toBe(false); // nothing to let go, nothing begins anew
      await pool.query(`UPDATE allowances SET ramp_since = ramp_since - interval '11 s'`);
      expect(await allowance()).toMatchObject({ ratePerSecond: 80 });
      expect(await allowance({ ratePerSecond: 14 })).toMatchObject({
        ratePerSecond: 14,
        isRecovering: false,
      });
      await pool.query(`UPDATE allowances SET ramp_since = ramp_since - interval '20 s'`);
      expect(await allowance()).toMatchObject({ ratePerSecond: undefined, isRecovering: false });
    },
  );

  it('begin the ramp of a hold for configuration when its time is over', async () => {
    await gates.hold('provider', 'ses', 'configuration', 60_000, 'smtp_535');
    expect(await allowance()).toMatchObject({ isRecovering: false });
    await pool.query(`UPDATE gates SET held_until = now() - interval '6 s'`);
    expect(await allowance()).toMatchObject({ isRecovering: true, ratePerSecond: 40 });
  });

  it('leave endpoints to their windows', async () => {
    await gates.hold('endpoint', 'one', 'endpoint', undefined, 'down');
    await gates.release('endpoint', 'one', 'endpoint');
    expect((await pool.query('SELECT FROM allowances')).rowCount).toBe(0);
  });

  it('spend each token once, however many relays ask at once', async () => {
    const terms = { ...TERMS, ratePerSecond: 1 / 3_600 }; // none flows in meanwhile
    const takeOne = (): Promise<number> =>
      allowances.inTurn('ses', async (tx) => {
        const standing = (await allowances.standings(['ses'], tx)).get('ses')!;
        const { tokens } = allowanceOf(terms, standing);
        if (tokens < 1) return 0;
        await allowances.spend(tx, [{ kind: 'provider', key: 'ses', tokens: tokens - 1 }], standing.nowMs);
        return 1;
      });
    // Connected beforehand: else the first is done before the others have begun.
    const clients = await Promise.all(Array.from({ length: 8 }, () => pool.connect()));
    clients.forEach((client) => client.release());
    const taken = await Promise.all(Array.from({ length: 20 }, takeOne));
    expect(taken.reduce((sum, one) => sum + one, 0)).toBe(1);
  });

  it('of endpoints are what their owners ask for, and nothing for those that ask for nothing', async () => {
    const [rated, capped, plain] = [1, 2, 3].map((n) => `01930000-0000-7000-8000-00000000000${n}`) as [
      string,
      string,
      string,
    ];
    await pool.query(
      `INSERT INTO endpoints (id, url, types, secret, rate_limit, concurrency)
       VALUES ($1, 'https://a.example/', '{*}', '\\x00', '50/s', NULL), ($2, 'https://b.example/', '{*}', '\\x00', NULL, 1),
              ($3, 'https://c.example/', '{*}', '\\x00', NULL, NULL)`,
      [rated, capped, plain],
    );
    const { rates, caps } = await allowances.endpointTerms([rated, capped, plain]);
    expect([...rates]).toEqual([[rated, { ratePerSecond: 50, level: undefined }]]);
    expect([...caps]).toEqual([[capped, 1]]);
  });

  it('spend nothing for a relay that fails before its commit', async () => {
    const failing = allowances.inTurn('ses', async (tx) => {
      await allowances.spend(tx, [{ kind: 'provider', key: 'ses', tokens: 0 }], Date.now());
      throw new Error('killed');
    });
    await expect(failing).rejects.toThrow('killed');
    expect(await allowance({ ratePerSecond: 14 })).toMatchObject({ tokens: 14 });
  });

  describe('that a hint took, when it is handed back', () => {
    const terms = { ...TERMS, ratePerSecond: 1 / 3_600 }; // none flows in meanwhile
    const ENDPOINT = '01930000-0000-7000-8000-00000000000a';
    const published = async (more: Partial<NewNotification> = {}): Promise<Published> => {
      await pool.query('TRUNCATE notifications, outbox');
      const [id] = (await accept(pool, [more])) as [string];
      const queue = 'ses.transactional';
      await pool.query(`UPDATE outbox SET published_at = now(), queue = $1, dispatch = 1`, [queue]);
      return { id, dispatch: 1, endpointId: more.endpointId ?? null };
    };
    const spendAll = (kind: 'provider' | 'endpoint', key: string) =>
      allowances.inTurn('any', (tx) => allowances.spend(tx, [{ kind, key, tokens: 0 }], Date.now()));
    const tokensOf = async (key: string): Promise<number> =>
      (await pool.query('SELECT tokens FROM allowances WHERE key = $1', [key])).rows[0].tokens;

    it('go back to their provider, once', async () => {
      const hint = await published();
      await spendAll('provider', 'ses');
      expect((await allowance(terms)).tokens).toBeLessThan(1);
      expect(await handBacks.takeBack('ses', [hint], 0)).toBe(1);
      expect(await handBacks.takeBack('ses', [hint], 0)).toBe(0);
      expect((await allowance(terms)).tokens).toBeCloseTo(1, 2);
    });

    it('go back to their endpoint', async () => {
      const hint = await published({ channel: 'webhook', endpointId: ENDPOINT });
      await spendAll('endpoint', ENDPOINT);
      await handBacks.takeBack('hooks', [hint], 0);
      expect(await tokensOf(ENDPOINT)).toBe(1);
    });

    it('make no bucket where there was none', async () => {
      await handBacks.takeBack('ses', [await published()], 0);
      expect((await pool.query('SELECT FROM allowances')).rowCount).toBe(0);
    });

    it('wait for their turn with one connection, however many come at once, and one that fails keeps no other', async () => {
      const hint = await published();
      await spendAll('provider', 'ses');
      const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
      let given: Promise<PromiseSettledResult<number>[]> | undefined;
      await allowances.inTurn('ses', async () => {
        const unreadable = { id: 'no uuid', dispatch: 1 };
        const all = [unreadable, hint, hint, hint, hint, hint];
        given = Promise.allSettled(all.map((one) => handBacks.takeBack('ses', [one], 0)));
        await waitFor(async () => (await pool.query(waiting)).rowCount! > 0, { what: 'the first to wait' });
        expect((await pool.query(waiting)).rowCount).toBe(1);
      });
      expect((await given!).map((one) => (one.status === 'fulfilled' ? one.value : one.status))).toEqual([
        'rejected',
        1,
        0,
        0,
        0,
        0,
      ]);
    });

    it('are not written over by a relay that looked before and commits after', async () => {
      const hint = await published();
      await spendAll('provider', 'ses');
      let given: Promise<number> | undefined;
      await allowances.inTurn('ses', async (tx) => {
        given = handBacks.takeBack('ses', [hint], 0);
        await waitFor(
          async () =>
            (await pool.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`))
              .rowCount === 1,
          { what: 'the hand-back to wait for its turn' },
        );
        await allowances.spend(tx, [{ kind: 'provider', key: 'ses', tokens: 0 }], Date.now());
      });
      expect(await given).toBe(1);
      expect(await tokensOf('ses')).toBe(1);
    });
  });
});
