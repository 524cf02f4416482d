import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As ParkPausedTypes1764000000111 made it, with another way to ask. */
const unblockNext = (isBlocked: string): string => `
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
                AND ${isBlocked} AND o.parked_for IS NULL
                FOR UPDATE SKIP LOCKED));
    IF FOUND THEN PERFORM pg_notify('posthaste_outbox', ''); END IF;
    RETURN NULL;
  END $$`;

/**
 * The next of an ordering key is found by its id, whatever the plan was made for. Asked for as itself, `is_blocked` brings
 * `outbox_blocked` to mind: planned while nothing was blocked, and kept, the function read all that is blocked each time.
 *
 * Replaces a function and nothing else: no table is locked, and the version before calls it as ever.
 */
export class UnblockByKey1764000000180 implements MigrationInterface {
  name = 'UnblockByKey1764000000180';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(unblockNext('o.is_blocked::integer = 1'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(unblockNext('o.is_blocked'));
  }
}
