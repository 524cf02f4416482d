import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the sandbox's catchers took, and the faults they were asked to act out. Empty in production.
 * In PostgreSQL, because the worker that catches and the API that shows need not be one process.
 */
export class CreateSandbox1763800000002 implements MigrationInterface {
  name = 'CreateSandbox1763800000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sandbox_messages (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel         text NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
        to_address      text NOT NULL,
        received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        subject         text,
        raw             text NOT NULL,
        parsed          jsonb NOT NULL,
        headers         jsonb NOT NULL CHECK (jsonb_typeof(headers) = 'array'),
        notification_id text,
        fault           text CHECK (fault IN ('reject', 'defer', 'hang', 'drop_after_body', 'throttle')),
        size_bytes      integer NOT NULL CHECK (size_bytes >= 0)
      )`);
    await runner.query(`CREATE INDEX sandbox_messages_newest ON sandbox_messages (channel, id DESC)`);
    await runner.query(
      `CREATE INDEX sandbox_messages_by_recipient ON sandbox_messages (channel, to_address, id DESC)`,
    );
    // Rows leave as fast as they come once the table is full: vacuum by count, not by a share of the whole.
    await runner.query(`
      ALTER TABLE sandbox_messages SET (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 4000)`);
    await runner.query(`
      CREATE TABLE sandbox_faults (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel    text NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
        fault      text NOT NULL CHECK (fault IN ('reject', 'defer', 'hang', 'drop_after_body', 'throttle')),
        times      integer NOT NULL CHECK (times > 0),
        remaining  integer NOT NULL CHECK (remaining BETWEEN 0 AND times),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sandbox_faults');
    await runner.query('DROP TABLE sandbox_messages');
  }
}
