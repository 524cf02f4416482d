import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The outbox: the right to send. A row exists exactly while a notification waits; whoever deletes it may act.
 *
 * - `outbox_due` is the relay's order, `outbox_due_by_endpoint` that of webhooks, where every endpoint has an order of its
 *   own; `outbox_published` counts windows and finds lost hints. A row is in exactly one of the three. `outbox_overdue` finds what waited past its expiry or deadline, wherever it waits.
 * - The table is as short-lived as its rows: vacuum by count, not by share, or a burst leaves the relay scanning the dead.
 * - `ordered` holds every unsettled notification that has an ordering key; its lowest `seq` is the head of that key.
 */
export class CreateOutbox1763800000001 implements MigrationInterface {
  name = 'CreateOutbox1763800000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        notification_id uuid PRIMARY KEY,
        channel         text NOT NULL,
        lane            text NOT NULL,
        kind            text NOT NULL CHECK (kind IN ('first', 'retry', 'redrive')),
        available_at    timestamptz NOT NULL,
        overdue_at      timestamptz NOT NULL,
        reason          text,
        provider        text,
        endpoint_id     uuid,
        ordering_seq    bigint,
        dispatch        integer NOT NULL DEFAULT 0,
        published_at    timestamptz,
        queue           text,
        CONSTRAINT outbox_published_is_somewhere CHECK ((published_at IS NULL) = (queue IS NULL))
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
              autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000)`);
    await runner.query(`
      CREATE INDEX outbox_due ON outbox (channel, lane, available_at, notification_id)
       WHERE published_at IS NULL AND endpoint_id IS NULL`);
    await runner.query(`
      CREATE INDEX outbox_due_by_endpoint ON outbox (lane, endpoint_id, available_at, notification_id)
       WHERE published_at IS NULL AND endpoint_id IS NOT NULL`);
    await runner.query(
      `CREATE INDEX outbox_published ON outbox (queue, published_at) WHERE published_at IS NOT NULL`,
    );
    await runner.query(`CREATE INDEX outbox_overdue ON outbox (overdue_at)`);

    await runner.query(`
      CREATE TABLE ordered (
        notification_id uuid PRIMARY KEY,
        ordering_key    text NOT NULL,
        seq             bigint NOT NULL GENERATED ALWAYS AS IDENTITY
      )`);
    await runner.query(`CREATE INDEX ordered_by_key ON ordered (ordering_key, seq)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ordered, outbox`);
  }
}
