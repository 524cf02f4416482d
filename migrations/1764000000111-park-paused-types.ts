import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As OrderOutbox1764000000010 made it, with another idea of who is blocked. */
const unblockNext = (isFree: string): string => `
  CREATE OR REPLACE FUNCTION unblock_next_of_key() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT EXISTS (SELECT FROM gone) THEN RETURN NULL; END IF;
    UPDATE outbox SET is_blocked = false
     WHERE notification_id = ANY (ARRAY(
             SELECT o.notification_id FROM outbox o
              WHERE o.notification_id = ANY (ARRAY(
                      SELECT (SELECT head.notification_id FROM ordered head
                               WHERE head.ordering_key = keys.ordering_key ORDER BY head.seq LIMIT 1)
                        FROM (SELECT DISTINCT ordering_key FROM gone) keys))
                AND ${isFree}
                FOR UPDATE SKIP LOCKED));
    IF FOUND THEN PERFORM pg_notify('posthaste_outbox', ''); END IF;
    RETURN NULL;
  END $$`;

/**
 * What waits for a type that an operator has paused is parked: `is_blocked` takes it out of the relay's order, as it does
 * with what waits behind its ordering key, and `parked_for` says why and finds it again when the type goes on.
 *
 * A parked row was the first of its ordering key, if it has one. Whatever unblocks the first of a key leaves it alone: only
 * its type lets it go.
 *
 * CONCURRENTLY, so outside a transaction; broken off at any step, it is done again from the first.
 */
export class ParkPausedTypes1764000000111 implements MigrationInterface {
  name = 'ParkPausedTypes1764000000111';
  transaction = false as const;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbox ADD COLUMN IF NOT EXISTS parked_for text`);
    await runner.query(`
      ALTER TABLE outbox
        DROP CONSTRAINT IF EXISTS outbox_blocked_by_its_key,
        ADD CONSTRAINT outbox_blocked_by_its_key
          CHECK (NOT is_blocked OR parked_for IS NOT NULL OR (ordering_key IS NOT NULL AND ordering_seq IS NOT NULL)) NOT VALID`);
    await runner.query(`ALTER TABLE outbox VALIDATE CONSTRAINT outbox_blocked_by_its_key`);
    await runner.query(`SET lock_timeout = 0`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS outbox_parked`);
    await runner.query(
      `CREATE INDEX CONCURRENTLY outbox_parked ON outbox (parked_for, available_at) WHERE parked_for IS NOT NULL`,
    );
    await runner.query(`RESET lock_timeout`);
    await runner.query(unblockNext('o.is_blocked AND o.parked_for IS NULL'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE outbox SET is_blocked = false WHERE parked_for IS NOT NULL`);
    await runner.query(unblockNext('o.is_blocked'));
    await runner.query(`DROP INDEX outbox_parked`);
    await runner.query(`
      ALTER TABLE outbox DROP COLUMN parked_for,
        ADD CONSTRAINT outbox_blocked_by_its_key
          CHECK (NOT is_blocked OR (ordering_key IS NOT NULL AND ordering_seq IS NOT NULL))`);
  }
}
