import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { execute } from '../support/postgres-admin.js';
import { createOwnedDatabase, type OwnedDatabase } from '../support/roles.js';
import { TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

/** PostgreSQL, appendix A: insufficient_privilege. */
const REFUSED = '42501';

describe('the service as a role that owns nothing', () => {
  let database: OwnedDatabase;
  let service: TestService;
  let sink: HookSink;

  beforeAll(async () => {
    database = await createOwnedDatabase();
    sink = await HookSink.start();
  });

  afterAll(async () => {
    await service?.stop();
    await sink.stop();
    await database.drop();
  });

  it('is let in by the migration, which two may start at once and anybody may repeat', async () => {
    const said = await Promise.all([database.migrate(), database.migrate()]);
    expect(
      said.filter((words) => words.startsWith('Applied: 1763800000000-create-notifications')),
    ).toHaveLength(1);
    expect(said).toContain('The database is up to date.\n');
    expect(await database.migrate()).toBe('The database is up to date.\n');
    service = await TestService.create({ backend: 'postgresql', databaseUrl: database.appUrl });
    await service.start();
  });

  const story = async (id: string) => (await service.request('GET', `/v1/notifications/${id}`)).body;

  it('does everything that the service does: delivers, buries, sends again, audits, erases', async () => {
    const endpoint = await service.createEndpoint(sink.url());
    const hook = (n: number) => ({
      type: 'order.shipped',
      recipient: 'cust-1',
      business_id: `order-${n}`,
      channel: 'webhook',
      to: endpoint,
      ordering_key: 'k',
    });
    sink.answer = () => 501;
    const [dead] = await service.sendAll([hook(0)]);
    await waitFor(async () => (await story(dead!)).status === 'dead', { what: 'a dead letter' });
    sink.answer = () => 204;
    const redrive = await service.request('POST', '/v1/admin/redrives', { name: 'again', filter: {} });
    expect([redrive.status, redrive.body.matched]).toEqual([202, 1]);
    await service.sendAll([1, 2, 3].map(hook));
    await waitFor(async () => (await service.countByStatus())['delivered'] === 4, {
      what: 'four deliveries',
    });

    await execute(database.ownerUrl, `UPDATE notifications SET updated_at = now() - interval '31 days'`);
    await execute(
      database.ownerUrl,
      `INSERT INTO retention_held SELECT 'content', id, now() FROM notifications LIMIT 1`,
    );
    const erasedOf = async (): Promise<number> =>
      (await service.pool.query(`SELECT FROM notifications WHERE erased_at IS NOT NULL`)).rowCount!;
    await waitFor(async () => (await erasedOf()) === 1, { what: 'retention' });
    const erasure = await service.request('POST', '/v1/admin/erasures', {
      recipient: 'cust-1',
      reason: 'ticket',
    });
    expect(erasure.status).toBe(202);
    await waitFor(
      async () =>
        (await service.request('GET', `/v1/admin/erasures/${erasure.body.id}`)).body.state === 'done',
      { what: 'an erasure' },
    );
    expect(await erasedOf()).toBe(4);
    const { body: audit } = await service.request('GET', '/v1/admin/audit');
    expect((audit.items as { action: string }[]).map(({ action }) => action)).toEqual([
      'erasure.create',
      'redrive.create',
    ]);
  });

  it.each([
    `UPDATE audit SET reason = 'another'`,
    `DELETE FROM audit`,
    `TRUNCATE audit`,
    `ALTER TABLE audit DISABLE TRIGGER audit_is_append_only`,
    `INSERT INTO migrations (timestamp, name) VALUES (1, 'x')`,
    `DELETE FROM migrations`,
    `CREATE TABLE public.mine ()`,
    `CREATE SCHEMA mine`,
    `ALTER TABLE notifications ADD COLUMN mine text`,
    `DROP TABLE notifications`,
    `TRUNCATE notifications`,
    `CREATE INDEX mine ON notifications (type)`,
    `CREATE ROLE another`,
  ])('may not %s', async (statement) => {
    await expect(service.pool.query(statement)).rejects.toMatchObject({ code: REFUSED });
  });

  it('migrates without stopping who uses a table, however long somebody else holds it', async () => {
    await execute(
      database.ownerUrl,
      `DROP INDEX endpoints_disabled; DELETE FROM migrations WHERE timestamp = 1764000000036`,
    );
    const holder = await service.pool.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE endpoints IN ROW EXCLUSIVE MODE');
    const migrated = database.migrate();
    const isWaiting = async (): Promise<boolean> => {
      const { rowCount } = await service.pool.query(
        `SELECT FROM pg_locks WHERE relation = 'endpoints'::regclass AND NOT granted`,
      );
      return rowCount! > 0;
    };
    await waitFor(isWaiting, { what: 'a migration that waits' });
    await waitFor(async () => !(await isWaiting()), { what: 'its giving up' });
    await waitFor(isWaiting, { what: 'its next try' });
    await holder.query('COMMIT');
    holder.release();
    expect(await migrated).toContain('1764000000036');
  });

  it('is ready beside a schema that is newer than it knows, and not beside one that is older than it wants', async () => {
    const ready = () => service.request('GET', '/health/ready');
    expect((await ready()).status).toBe(200);
    await execute(
      database.ownerUrl,
      `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'OfALaterVersion9999999999999')`,
    );
    expect((await ready()).status).toBe(200);
    await execute(database.ownerUrl, `DELETE FROM migrations WHERE timestamp = 1764000000126`);
    const { status, body } = await ready();
    expect([status, body.checks.migrations]).toEqual([503, 'pending: run npm run migrate']);
    await database.migrate(); // and the index that is there already is made anew
    expect((await ready()).status).toBe(200);
  });
});
