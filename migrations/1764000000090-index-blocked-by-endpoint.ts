import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What waits at an endpoint behind another of its ordering key: its health counts it, and the relay's own index has it not. */
export class IndexBlockedByEndpoint1764000000090 implements MigrationInterface {
  name = 'IndexBlockedByEndpoint1764000000090';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX outbox_blocked_by_endpoint ON outbox (endpoint_id, notification_id)
        WHERE is_blocked AND endpoint_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX outbox_blocked_by_endpoint`);
  }
}
