import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Dead letters as a product: how they are found, and how they are sent again.
 *
 * - The indexes hold the dead alone, which are rare. By id, because ids are in the order of acceptance: one index serves the
 *   order of the list, its cursor and a range of time. `undelivered_dead_by_cause` is read whole to count the groups, without
 *   a look at the table.
 * - `redrive_items` is what a redrive matched when it was created. Rows leave with the batch that moves them, so the table
 *   holds what is still to be done, and a restart goes on where the last commit ended.
 */
export class CreateRedrives1763800000006 implements MigrationInterface {
  name = 'CreateRedrives1763800000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const column of ['type', 'provider', 'class']) {
      await runner.query(`
        CREATE INDEX undelivered_dead_by_${column} ON undelivered (${column}, notification_id) WHERE status = 'dead'`);
    }
    await runner.query(`
      CREATE INDEX undelivered_dead_by_cause ON undelivered (type, provider, class, channel, since, notification_id)
       WHERE status = 'dead'`);
    await runner.query(`
      CREATE TABLE redrives (
        id           uuid PRIMARY KEY,
        name         text NOT NULL CONSTRAINT redrives_name UNIQUE,
        body_hash    bytea NOT NULL,
        filter       jsonb NOT NULL,
        statuses     text[] NOT NULL,
        rate         text NOT NULL,
        rate_per_s   double precision NOT NULL CHECK (rate_per_s > 0),
        state        text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
        matched      bigint NOT NULL DEFAULT 0,
        done         bigint NOT NULL DEFAULT 0,
        failed       bigint NOT NULL DEFAULT 0,
        started_at   timestamptz NOT NULL DEFAULT now(),
        finished_at  timestamptz,
        paced_at     timestamptz NOT NULL,
        CONSTRAINT redrives_do_what_matched CHECK (done + failed <= matched),
        CONSTRAINT redrives_end_once CHECK ((state = 'running') = (finished_at IS NULL))
      )`);
    await runner.query(`CREATE INDEX redrives_running ON redrives (started_at) WHERE state = 'running'`);
    await runner.query(`
      CREATE TABLE redrive_items (
        redrive_id      uuid NOT NULL,
        notification_id uuid NOT NULL,
        PRIMARY KEY (redrive_id, notification_id)
      ) WITH (autovacuum_vacuum_scale_factor = 0.02)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE redrive_items, redrives`);
    await runner.query(`
      DROP INDEX undelivered_dead_by_type, undelivered_dead_by_provider, undelivered_dead_by_class,
                 undelivered_dead_by_cause`);
  }
}
