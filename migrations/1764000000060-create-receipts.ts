import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What providers report after they took a message, and the ids under which they know it.
 *
 * - `dedupe_hash` makes a repeated callback one row, for ever: a START that is replayed a year later must not count.
 * - `settled_at` is null while a receipt may still change something: its notification is in a worker's hands, or nobody
 *   knows yet whose it is. `receipts_pending` and `receipts_unmatched` hold these few, for upkeep.
 * - `provider_messages` is a table of its own, because an index over a notification's `provider_message_id`, which
 *   changes, would end its heap-only updates (docs/decisions/0005). Only providers with callbacks are written to it.
 * - No address is kept: whom a receipt is about, its notification says.
 */
export class CreateReceipts1764000000060 implements MigrationInterface {
  name = 'CreateReceipts1764000000060';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE receipts (
        id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        dedupe_hash         bytea NOT NULL CONSTRAINT receipts_once UNIQUE CHECK (octet_length(dedupe_hash) = 16),
        notification_id     uuid,
        provider            text NOT NULL,
        provider_message_id text,
        kind                text NOT NULL CHECK (kind IN ('sent', 'delivered', 'bounced', 'complaint', 'stop', 'start')),
        class               text,
        code                text NOT NULL,
        at                  timestamptz NOT NULL,
        received_at         timestamptz NOT NULL DEFAULT now(),
        settled_at          timestamptz,
        CONSTRAINT receipts_settled_or_about_something CHECK (
          settled_at IS NOT NULL OR notification_id IS NOT NULL OR provider_message_id IS NOT NULL)
      ) WITH (autovacuum_vacuum_scale_factor = 0.02)`);
    await runner.query(
      `CREATE INDEX receipts_by_notification ON receipts (notification_id, id) WHERE notification_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX receipts_pending ON receipts (id) WHERE settled_at IS NULL AND notification_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX receipts_unmatched ON receipts (received_at) WHERE settled_at IS NULL AND notification_id IS NULL`,
    );
    await runner.query(`
      CREATE TABLE provider_messages (
        provider            text NOT NULL,
        provider_message_id text NOT NULL,
        notification_id     uuid NOT NULL,
        at                  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (provider, provider_message_id)
      )`);
    await runner.query(`CREATE INDEX provider_messages_at ON provider_messages USING brin (at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE provider_messages, receipts`);
  }
}
