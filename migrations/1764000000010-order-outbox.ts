import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The relay's order without a filter: what may not go now has no place in the indexes it reads from the front.
 *
 * - Each of its questions names a group of rows that are served alike: channel and lane (or lane and endpoint), the provider
 *   that is prescribed or none, first send or retry. A group is a range of `outbox_due`, so a hundred thousand rows that wait
 *   for a provider that is held cost those of the others nothing.
 * - `is_blocked`: an earlier one of its ordering key is not settled. Such a row is in neither index. `outbox_blocked` finds
 *   the keys of such rows, and only they carry `ordering_key`.
 * - Whatever deletes from `ordered` moves the key on: the trigger unblocks its next head, in the same commit. It runs once a
 *   statement, sees what others have committed meanwhile (a new snapshot for each of its statements), and never waits: a row
 *   that somebody else holds is left to the sweep, which also finds what an accept blocked behind a head that had just left.
 */
export class OrderOutbox1764000000010 implements MigrationInterface {
  name = 'OrderOutbox1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox
        ADD COLUMN is_blocked boolean NOT NULL DEFAULT false,
        ADD COLUMN ordering_key text,
        ADD COLUMN is_retry boolean NOT NULL GENERATED ALWAYS AS (kind = 'retry') STORED,
        ADD CONSTRAINT outbox_blocked_by_its_key CHECK (NOT is_blocked OR (ordering_key IS NOT NULL AND ordering_seq IS NOT NULL))`);
    await runner.query(`
      UPDATE outbox o SET is_blocked = true, ordering_key = mine.ordering_key
        FROM ordered mine
       WHERE mine.notification_id = o.notification_id AND o.published_at IS NULL
         AND EXISTS (SELECT FROM ordered ahead WHERE ahead.ordering_key = mine.ordering_key AND ahead.seq < mine.seq)`);
    await runner.query(`DROP INDEX outbox_due, outbox_due_by_endpoint`);
    await runner.query(`
      CREATE INDEX outbox_due ON outbox (channel, lane, coalesce(provider, ''), is_retry, available_at, notification_id)
       WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NULL`);
    await runner.query(`
      CREATE INDEX outbox_due_by_endpoint
          ON outbox (lane, endpoint_id, coalesce(provider, ''), is_retry, available_at, notification_id)
       WHERE published_at IS NULL AND NOT is_blocked AND endpoint_id IS NOT NULL`);
    await runner.query(`CREATE INDEX outbox_blocked ON outbox (ordering_key) WHERE is_blocked`);
    await runner.query(`
      CREATE FUNCTION unblock_next_of_key() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM gone) THEN RETURN NULL; END IF;
        UPDATE outbox SET is_blocked = false
         WHERE notification_id = ANY (ARRAY(
                 SELECT o.notification_id FROM outbox o
                  WHERE o.notification_id = ANY (ARRAY(
                          SELECT (SELECT head.notification_id FROM ordered head
                                   WHERE head.ordering_key = keys.ordering_key ORDER BY head.seq LIMIT 1)
                            FROM (SELECT DISTINCT ordering_key FROM gone) keys))
                    AND o.is_blocked
                    FOR UPDATE SKIP LOCKED));
        IF FOUND THEN PERFORM pg_notify('posthaste_outbox', ''); END IF;
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER ordered_unblocks_next AFTER DELETE ON ordered REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION unblock_next_of_key()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TRIGGER ordered_unblocks_next ON ordered`);
    await runner.query(`DROP FUNCTION unblock_next_of_key()`);
    await runner.query(`DROP INDEX outbox_due, outbox_due_by_endpoint, outbox_blocked`);
    await runner.query(
      `ALTER TABLE outbox DROP COLUMN is_retry, DROP COLUMN is_blocked, DROP COLUMN ordering_key`,
    );
    await runner.query(`
      CREATE INDEX outbox_due ON outbox (channel, lane, available_at, notification_id)
       WHERE published_at IS NULL AND endpoint_id IS NULL`);
    await runner.query(`
      CREATE INDEX outbox_due_by_endpoint ON outbox (lane, endpoint_id, available_at, notification_id)
       WHERE published_at IS NULL AND endpoint_id IS NOT NULL`);
  }
}
