import pg from 'pg';
import { describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { BACKENDS, expectGreen, onStage } from './support/row.js';
import { canMount, mountSmallDisk, type SmallDisk } from './support/small-disk.js';
import { Stage } from './support/stage.js';
import { ownStores } from './support/stores.js';
import { hook, letter, many, text } from './support/workload.js';

const RECOVERS_WITHIN_MS = 120_000;
/** While PostgreSQL is taken away, the process at this place stands still. */
const BLOCK_MS = 2_000;
const PLACES: readonly (readonly [roles: string, place: string])[] = [
  ['api', 'before_commit#20'],
  ['relay', 'after_mark_before_publish#3'],
  ['worker', 'after_claim_before_send#10'],
  ['worker', 'after_provider_answer_before_outcome#10'],
];

describe.each(BACKENDS)('PostgreSQL under fire (%s)', (backend) => {
  it('15. Postgres kill -9 and restart, at every step → 503 + Retry-After, workers hold, nothing lost, recovers without restart', async () => {
    await onStage(backend, { ownPostgres: true }, async (stage) => {
      const first = await stage.start('api,relay,worker');
      const endpoint = await stage.createEndpoint();
      let isOver = false;
      const some = () => many(8, (i) => (i % 4 === 0 ? letter() : i % 4 === 1 ? text() : hook(endpoint)));
      const load = async (): Promise<void> => {
        while (!isOver) await Promise.all(some().map((request) => stage.client.post(request)));
      };
      const loading = load();
      const postgres = stage.stores.postgres!;
      for (const [roles, place] of PLACES) {
        const one = await stage.start(roles, { crashAt: `${place}:block=${BLOCK_MS}` });
        await waitFor(() => one.output().includes('crash point'), { within: 30_000, what: place, every: 5 });
        await postgres.kill();
        const request = hook(endpoint);
        const refused = await fetch(`${first.url}/v1/notifications`, {
          method: 'POST',
          headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify(request),
        });
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
        await postgres.restart();
        await waitFor(async () => (await fetch(`${first.url}/health/ready`)).ok, { what: 'ready again' });
        await stage.client.post(request); // into the ledger: what was refused may have been stored
      }
      isOver = true;
      await loading;
      expectGreen(await stage.verdict({ recoversWithinMs: RECOVERS_WITHIN_MS, answerSlackMs: BLOCK_MS }));
      expect(stage.processes.size).toBe(1 + PLACES.length);
      const tries = stage.client.intents.flatMap((intent) => intent.tries);
      expect(tries.some(({ status }) => status === 503)).toBe(true);
    });
  });

  it.concurrent(
    '16. one Postgres backend SIGSTOPped, of accept, relay and worker → the client’s own timeout fires, all goes on without it',
    () =>
      onStage(backend, {}, async (stage) => {
        const url = stage.hops.postgres.through(stage.stores.databaseUrl);
        for (const [roles] of BACKENDS_OF)
          await stage.start(roles, { env: { DATABASE_URL: `${url}?application_name=${roles}` } });
        const endpoint = await stage.createEndpoint();
        await stage.client.post(hook(endpoint));
        await stage.drain();
        const stopped: number[] = [];
        try {
          for (const [roles, statement] of BACKENDS_OF) {
            const pid = await waitFor(() => backendOf(stage, roles, statement), {
              what: `a connection of ${roles}`,
            });
            process.kill(pid, 'SIGSTOP');
            stopped.push(pid);
          }
          // More at once than connections: the frozen ones are given work, too.
          await Promise.all(many(40, () => stage.client.post(hook(endpoint))));
          expect(await stage.drain()).toBeDefined();
          // The first that came to the frozen one was told so in time; what it wanted is there once, all the same.
          const tries = stage.client.intents.flatMap((intent) => intent.tries);
          expect(tries.some(({ status }) => status === 503)).toBe(true);
        } finally {
          stopped.forEach((pid) => process.kill(pid, 'SIGCONT'));
        }
        // What was asked of them is done only now, long after it was given up.
        await waitFor(async () => (await aliveOf(stage, stopped)) < stopped.length, {
          what: 'a given-up connection gone',
        });
        expectGreen(await stage.verdict());
        expect(stage.providers.ledger.calls).toHaveLength(41);
      }),
  );

  it.concurrent(
    '16. the answer to a COMMIT never comes → 503 in time, and unknown, not failed: the retry gets the same id',
    () =>
      onStage(backend, {}, async (stage) => {
        const hop = await stage.hop('postgres of the door', stage.stores.databaseUrl);
        await stage.start('api', { env: { DATABASE_URL: hop.through(stage.stores.databaseUrl) } });
        await stage.start('relay,worker');
        const endpoint = await stage.createEndpoint();
        await stage.client.post(hook(endpoint));
        await hop.set({ kind: 'freeze', afterBytes: 0, direction: 'down' });
        const intent = await stage.client.post(hook(endpoint), { patienceMs: 0 });
        expect(intent.tries.map(({ status }) => status)).toEqual([503]);
        const [, stored] = await readDatabaseLedger(stage.pool);
        expect(stored!.businessId).toBe(intent.request.business_id);
        await hop.pass();
        await waitFor(async () => Number((await stage.client.repeat(intent)).status) < 300, { every: 200 });
        expect(intent.tries.at(-1)).toMatchObject({ status: 200, id: stored!.id });
        expectGreen(await stage.verdict());
        expect(stage.providers.ledger.calls).toHaveLength(2);
      }),
  );

  // A file-size limit will not do where nothing may be mounted: it ends PostgreSQL at its next segment of WAL.
  it.runIf(canMount()).concurrent(
    '17. Postgres out of disk (a small tmpfs) → 503, alert, recovers without restart',
    async () => {
      const disk = mountSmallDisk(256);
      try {
        const stores = await ownStores(
          backend,
          { max_wal_size: '64MB', shared_buffers: '32MB' },
          disk.folder,
        );
        await onOwnStores(stores, (stage) => withoutRoom(stage, disk));
      } finally {
        disk.unmount();
      }
    },
  );

  it.concurrent(
    '17. max_connections used up by somebody else → 503, alert, recovers without restart',
    async () => {
      const settings = {
        max_connections: '60',
        superuser_reserved_connections: '0',
        reserved_connections: '0',
      };
      await onOwnStores(await ownStores(backend, settings), withoutConnections);
    },
  );
});

/** Whose, and what it did last: the door's pools are several. */
const BACKENDS_OF: readonly (readonly [roles: string, statement: string])[] = [
  ['api', '%WITH input AS MATERIALIZED%'],
  ['relay', '%'],
  ['worker', '%'],
];

/** Of these the one that was used last: a pool gives it out first. */
async function backendOf(stage: Stage, roles: string, statement: string): Promise<number | undefined> {
  const { rows } = await stage.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = $1 AND state = 'idle'
        AND query LIKE $2 AND query NOT LIKE 'LISTEN%'
      ORDER BY state_change DESC LIMIT 1`,
    [roles, statement],
  );
  return rows[0]?.pid;
}

const aliveOf = async (stage: Stage, pids: readonly number[]): Promise<number> =>
  (await stage.pool.query('SELECT FROM pg_stat_activity WHERE pid = ANY ($1)', [pids])).rowCount!;

async function onOwnStores(
  stores: Awaited<ReturnType<typeof ownStores>>,
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await Stage.open(stores);
  try {
    await run(stage);
  } finally {
    await stage.stop();
  }
}

const ALERT = '"kind":"postgres_unavailable"';
/** A lease must run out, and certainly so. */
const ALERT_WITHIN_MS = 60_000;

/** Some are taken, then none is, until it is mended. */
async function withoutRoom(stage: Stage, disk: SmallDisk): Promise<void> {
  const one = await stage.start('api,relay,worker');
  const endpoint = await stage.createEndpoint();
  await stage.client.postBatch(many(50, () => hook(endpoint)));
  await stage.drain();
  disk.fill();
  try {
    await waitFor(async () => (await tryOnce(stage, endpoint)) === 503, { every: 20, what: 'a full disk' });
    const isToldOf = async (): Promise<boolean> => {
      await tryOnce(stage, endpoint); // callers come again
      return one.output().includes(ALERT);
    };
    await waitFor(isToldOf, { within: ALERT_WITHIN_MS, every: 500, what: 'the alert' });
  } finally {
    disk.free();
  }
  await expectRecovered(stage);
}

async function withoutConnections(stage: Stage): Promise<void> {
  const one = await stage.start('api,relay,worker');
  const endpoint = await stage.createEndpoint();
  await stage.client.postBatch(many(50, () => hook(endpoint)));
  await stage.drain();
  const hostile = new Hostile(stage.stores.databaseUrl);
  try {
    await waitFor(
      async () => {
        await hostile.takeAll();
        return (await tryOnce(stage, endpoint)) === 503;
      },
      { what: 'no connection left' },
    );
    const isToldOf = async (): Promise<boolean> => {
      await hostile.takeAll(); // what comes free is taken again
      return one.output().includes(ALERT);
    };
    await waitFor(isToldOf, { within: ALERT_WITHIN_MS, every: 250, what: 'the alert' });
  } finally {
    await hostile.end();
  }
  await expectRecovered(stage);
}

/** In the ledger, whatever is answered: what was refused may have been stored. */
const tryOnce = async (stage: Stage, endpoint: string): Promise<unknown> =>
  (await stage.client.post(hook(endpoint), { patienceMs: 0 })).tries[0]!.status;

async function expectRecovered(stage: Stage): Promise<void> {
  for (const intent of stage.client.intents.filter(({ isAccepted }) => !isAccepted)) {
    await waitFor(async () => Number((await stage.client.repeat(intent)).status) < 300, {
      within: 60_000,
      every: 500,
      what: 'the door open again',
    });
  }
  expectGreen(
    await stage.verdict({ alerts: ['postgres_unavailable'], recoversWithinMs: RECOVERS_WITHIN_MS }),
  );
  expect(stage.processes.size).toBe(1);
}

/** Wants every connection, the service's own included: they are cut, and whoever comes first has their places. */
class Hostile {
  private readonly held: pg.Client[] = [];

  constructor(private readonly url: string) {}

  async takeAll(): Promise<void> {
    if (this.held.length === 0) await this.take();
    await this.held[0]!.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND application_name <> 'hostile'`,
    );
    while (await this.take());
  }

  async end(): Promise<void> {
    await Promise.all(this.held.map((client) => client.end().catch(() => undefined)));
  }

  /** Whether there was one. */
  private async take(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, application_name: 'hostile' });
    client.on('error', () => undefined);
    const isTaken = await client.connect().then(
      () => true,
      () => false,
    );
    if (isTaken) this.held.push(client);
    return isTaken;
  }
}
