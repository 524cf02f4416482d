import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Turns among API keys: `sender` stands for the key that a row was accepted from, and `outbox_due` keeps the rows of one
 * sender together, so that each sender's first is one look away whatever the others have waiting.
 *
 * - It is a hash of the key's id (`hashtext`), made by whichever statement writes the row: no table is asked. Two keys that
 *   share one take their turns together, which harms nobody. 0: the service itself, and rows from before this migration.
 * - Webhooks keep their order: there the turns are the endpoints'.
 *
 * Safe beside the version before: no statement names an index, and its relay sorts what is due until it is replaced.
 * CONCURRENTLY, so outside a transaction; broken off at any step, it is done again from the first.
 */
export class AddSendersToOutbox1764000000110 implements MigrationInterface {
  name = 'AddSendersToOutbox1764000000110';
  transaction = false as const;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbox ADD COLUMN IF NOT EXISTS sender integer NOT NULL DEFAULT 0`);
    await runner.query(`SET lock_timeout = 0`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS outbox_due_by_sender`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY outbox_due_by_sender
          ON outbox (channel, lane, coalesce(provider, ''), is_retry, sender, available_at, notification_id)
       WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS outbox_due`);
    await runner.query(`RESET lock_timeout`);
    await runner.query(`ALTER INDEX outbox_due_by_sender RENAME TO outbox_due`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX outbox_due`);
    await runner.query(`ALTER TABLE outbox DROP COLUMN sender`);
    await runner.query(`
      CREATE INDEX outbox_due ON outbox (channel, lane, coalesce(provider, ''), is_retry, available_at, notification_id)
       WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL`);
  }
}
