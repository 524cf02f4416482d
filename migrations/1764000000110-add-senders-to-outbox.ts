import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Turns among API keys: `sender` stands for the key that a row was accepted from, and `outbox_due` keeps the rows of one
 * sender together, so that each sender's first is one look away whatever the others have waiting.
 *
 * - It is a hash of the key's id (`hashtext`), made by whichever statement writes the row: no table is asked. Two keys that
 *   share one take their turns together, which harms nobody. 0: the service itself, and rows from before this migration.
 * - Webhooks keep their order: there the turns are the endpoints'.
 */
export class AddSendersToOutbox1764000000110 implements MigrationInterface {
  name = 'AddSendersToOutbox1764000000110';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbox ADD COLUMN sender integer NOT NULL DEFAULT 0`);
    await runner.query(`DROP INDEX outbox_due`);
    await runner.query(`
      CREATE INDEX outbox_due
          ON outbox (channel, lane, coalesce(provider, ''), is_retry, sender, available_at, notification_id)
       WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX outbox_due`);
    await runner.query(`ALTER TABLE outbox DROP COLUMN sender`);
    await runner.query(`
      CREATE INDEX outbox_due ON outbox (channel, lane, coalesce(provider, ''), is_retry, available_at, notification_id)
       WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL`);
  }
}
