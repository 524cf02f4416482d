import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The next of an ordering key is found by its id, whatever the plan was made for: as ParkPausedTypes1764000000111 made it,
 * with another way to ask. As itself, `is_blocked` brings `outbox_blocked` to mind: planned while nothing was blocked, and
 * kept, the function read all that is blocked each time.
 *
 * Replaces a function and nothing else: no table is locked, and the version before calls it as ever.
 */
export class UnblockByKey1764000000180 implements MigrationInterface {
  name = 'UnblockByKey1764000000180';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
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
                    AND o.is_blocked::integer = 1 AND o.parked_for IS NULL
                    FOR UPDATE SKIP LOCKED));
        IF FOUND THEN PERFORM pg_notify('posthaste_outbox', ''); END IF;
        RETURN NULL;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const [{ definition }] = (await runner.query(
      `SELECT pg_get_functiondef('unblock_next_of_key'::regproc) AS definition`,
    )) as [{ definition: string }];
    await runner.query(definition.replace('o.is_blocked::integer = 1', 'o.is_blocked'));
  }
}
