import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findByKeys } from '../../../src/accept/sql/find-by-keys.js';
import { insertAccepted } from '../../../src/accept/sql/insert-accepted.js';
import { failed } from '../../../src/domain/outcome.js';
import { NotificationsRepository } from '../../../src/notifications/notifications.repository.js';
import { OutboxStore } from '../../../src/outbox/outbox.store.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { acceptable } from '../../support/accepted.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PlanNode[];
}

/** They grow with what is kept, or with what waits. */
const LARGE = ['notifications', 'outbox', 'attempts', 'ordered', 'undelivered', 'suppressions'];
/** No longer than the windows: it may be read from end to end. */
const SHORT_INDEXES = ['outbox_published'];
const BY_KEY = ['Nested Loop', 'Index Scan', 'Index Only Scan', 'Bitmap Heap Scan'];

const MAIL = { channel: 'email', lane: 'transactional', pin: '', isRetry: false } as const;
const HOOKS = { ...MAIL, channel: 'webhook' } as const;
const ROUTE = { provider: 'ses', queue: 'ses.transactional' };
const CURSOR = { lane: '', endpointId: uuidv7(), pin: '', isRetry: false };
const HINTS = [{ id: uuidv7(), dispatch: 1 }];
const record = {
  ...{ id: uuidv7(), attempt: 1, dispatch: 1, durationMs: 1, pinnedProvider: null },
  outcome: failed('deferred', { class: 'retry', code: 'http_503', detail: '', scope: 'message' }),
  next: { status: 'retrying', reason: 'retry', delayMs: 1_000, consumesTry: true },
} as const;

/** Each by what its slice calls, so that what is looked at is what runs. */
const STATEMENTS: Record<string, (pool: WorkPool) => Promise<unknown>> = {
  'accepts a few': (pool) => insertAccepted(pool, [acceptable()], false),
  'accepts many': (pool) =>
    insertAccepted(
      pool,
      Array.from({ length: 65 }, () => acceptable()),
      false,
    ),
  'finds who holds a key': (pool) => findByKeys(pool, ['00'.repeat(16)]),
  'looks what is due': (pool) => new OutboxStore(pool).nextDue([MAIL]),
  'looks what is due for endpoints': (pool) =>
    new OutboxStore(pool).endpointsDue('transactional', CURSOR, 10),
  'counts what is out': (pool) => new OutboxStore(pool).windows(),
  'counts what is out of some queues': (pool) => new OutboxStore(pool).windowsOf([ROUTE.queue]),
  'marks what is due': (pool) => new OutboxStore(pool).publishDue(MAIL, ROUTE, 10),
  'marks what is due for endpoints': (pool) =>
    new OutboxStore(pool).publishDueOfEndpoints(HOOKS, ROUTE, [{ endpointId: uuidv7(), room: 1 }]),
  'takes marks back': (pool) => new OutboxStore(pool).takeBack('ses', HINTS, 0),
  'finds lost hints': (pool) => new OutboxStore(pool).releaseLost('ses.transactional', 1_000, 10),
  claims: (pool) => new NotificationsRepository(pool).claim(HINTS, uuidv7(), 'ses'),
  'records outcomes': (pool) => new NotificationsRepository(pool).record([record]),
  'unblocks heads': (pool) => new OutboxStore(pool).unblockHeads('', 10),
  'parks hints': (pool) => new OutboxStore(pool).parkHints('ses', HINTS, ['welcome']),
  'settles what is overdue': (pool) => new NotificationsRepository(pool).settleOverdue(10),
};

/**
 * They join what they were handed. Planned while a table was known to be empty they may begin at the table, until PostgreSQL
 * has looked at it again (autovacuum: within a minute), which makes a new plan.
 */
const JOINS = ['records outcomes', 'parks hints', 'settles what is overdue'];

/** The pools keep one plan a statement, made without its values: it must do for every state of the tables. */
describe('the plan that is kept for all values', () => {
  let database: TestDatabase;
  let maker: pg.Pool;
  let pool: WorkPool;

  beforeAll(async () => {
    database = await createDatabase();
    maker = new pg.Pool({ connectionString: database.url, max: 1 });
    pool = createWorkPool(database.url);
  });
  afterAll(async () => {
    await maker.end();
    await pool.end();
    await database.drop();
  });

  /** What it would send, planned as it would be planned. */
  async function planOf(run: (pool: WorkPool) => Promise<unknown>): Promise<PlanNode[]> {
    const sent: string[] = [];
    const listener = { query: async ({ text }: { text: string }) => ({ rows: sent.push(text) && [] }) };
    await run(listener as unknown as WorkPool).catch(() => undefined); // it misses its answer
    expect(sent).toHaveLength(1);
    const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sent[0]}`,
    );
    return flatten(rows[0]!['QUERY PLAN'][0].Plan);
  }

  const expectKeysAlone = async (run: (pool: WorkPool) => Promise<unknown>) => {
    const nodes = await planOf(run);
    expect(nodes.filter(readsBeyondKeys)).toEqual([]);
    expect(nodes.map((node) => node['Node Type']).filter((type) => /^(Hash|Merge) Join$/.test(type))).toEqual(
      [],
    );
  };

  describe('made before anything was stored', () => {
    it.each(Object.entries(STATEMENTS))('%s by key', (_, run) => expectKeysAlone(run));
  });

  /** Now PostgreSQL believes that they are, and to read all of nothing costs as much as to look for one. */
  describe('made while the tables were known to be empty', () => {
    beforeAll(() => maker.query('VACUUM ANALYZE'));

    it.each(Object.entries(STATEMENTS).filter(([name]) => !JOINS.includes(name)))('%s by key', (_, run) =>
      expectKeysAlone(run),
    );
  });

  describe('made when very many are kept and wait', () => {
    beforeAll(async () => {
      await maker.query(
        `INSERT INTO notifications (id, key_hash, fingerprint, type, recipient, business_id, channel, lane, template, payload,
                                    status, deadline_at)
         SELECT gen_random_uuid(), uuid_send(gen_random_uuid()), '', 'welcome', 'a', 'b', 'email', 'bulk', 'welcome', '', 'sent', now()
           FROM generate_series(1, 20000)`,
      );
      await maker.query(
        `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, outcome, finished_at)
         SELECT id, 1, 1, id, 'ses', 'taken', now() FROM notifications`,
      );
      await maker.query(
        `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at)
         SELECT id, 'email', 'bulk', 'first', now(), now() + interval '1 day' FROM notifications`,
      );
      await maker.query('ANALYZE');
    });

    it.each(Object.entries(STATEMENTS))('%s by key', (_, run) => expectKeysAlone(run));
  });
});

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];

function readsBeyondKeys(node: PlanNode): boolean {
  if (!LARGE.includes(node['Relation Name'] ?? '') || node['Node Type'] === 'ModifyTable') return false;
  if (!BY_KEY.includes(node['Node Type'])) return true;
  const isWhole = node['Node Type'].startsWith('Index') && node['Index Cond'] === undefined;
  return isWhole && !SHORT_INDEXES.includes(node['Index Name']!);
}
