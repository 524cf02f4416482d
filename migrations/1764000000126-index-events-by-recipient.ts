import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The events that concern one person, for an erasure. Of those alone that name a recipient, and an erased one leaves it.
 *
 * Beside the running service: CONCURRENTLY, so outside a transaction; waiting for the transactions of others is then part of
 * the work and has no timeout. One that was broken off leaves an index that nobody may use: it is dropped first.
 */
export class IndexEventsByRecipient1764000000126 implements MigrationInterface {
  name = 'IndexEventsByRecipient1764000000126';
  transaction = false as const;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET lock_timeout = 0`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS events_by_recipient`);
    await runner.query(
      `CREATE INDEX CONCURRENTLY events_by_recipient ON events (recipient, id) WHERE recipient IS NOT NULL`,
    );
    await runner.query(`RESET lock_timeout`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS events_by_recipient`);
  }
}
