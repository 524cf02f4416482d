import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What waits for a type that an operator has paused is parked: `is_blocked` takes it out of the relay's order, as it does
 * with what waits behind its ordering key, and `parked_for` says why and finds it again when the type goes on.
 *
 * A parked row was the first of its ordering key, if it has one, so it is in no list of what a key holds back.
 */
export class ParkPausedTypes1764000000111 implements MigrationInterface {
  name = 'ParkPausedTypes1764000000111';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox
        ADD COLUMN parked_for text,
        DROP CONSTRAINT outbox_blocked_by_its_key,
        ADD CONSTRAINT outbox_blocked_by_its_key
          CHECK (NOT is_blocked OR parked_for IS NOT NULL OR (ordering_key IS NOT NULL AND ordering_seq IS NOT NULL))`);
    await runner.query(
      `CREATE INDEX outbox_parked ON outbox (parked_for, available_at) WHERE parked_for IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE outbox SET is_blocked = false WHERE parked_for IS NOT NULL`);
    await runner.query(`DROP INDEX outbox_parked`);
    await runner.query(`
      ALTER TABLE outbox DROP COLUMN parked_for,
        ADD CONSTRAINT outbox_blocked_by_its_key
          CHECK (NOT is_blocked OR (ordering_key IS NOT NULL AND ordering_seq IS NOT NULL))`);
  }
}
