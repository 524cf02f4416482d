import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The record: one row a notification, one row an attempt, one row for each that is neither on its way nor delivered.
 *
 * - `key_hash` is the keyed hash of (type, recipient, business_id): the uniqueness that callers rely on. It outlives the
 *   three columns, which retention erases, and is a third of their index's size (docs/decisions/0003).
 * - No index touches a column that changes, so every change of state is a heap-only update. Rare states are found
 *   through `undelivered`, waiting ones through the outbox, calls under way through `attempts_open`.
 * - Half of each page is left free: rows of one page are accepted together and claimed by one statement, which needs
 *   room for all of them at once. A quarter left half of the updates to write four index entries and a quarter more WAL.
 * - No foreign keys: their triggers cost more than the rows they guard, and one writer owns all four tables.
 */
export class CreateNotifications1763800000000 implements MigrationInterface {
  name = 'CreateNotifications1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notifications (
        id                  uuid PRIMARY KEY,
        key_hash            bytea NOT NULL CONSTRAINT notifications_key UNIQUE CHECK (octet_length(key_hash) = 16),
        fingerprint         bytea NOT NULL,
        type                text NOT NULL,
        recipient           text,
        business_id         text,
        recipient_key       bigint,
        channel             text NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
        lane                text NOT NULL CHECK (lane IN ('transactional', 'bulk')),
        template            text NOT NULL,
        locale              text,
        ordering_key        text,
        on_in_doubt         text CHECK (on_in_doubt IN ('retry', 'park', 'failover')),
        payload             bytea,
        event_id            uuid,
        endpoint_id         uuid CHECK ((endpoint_id IS NOT NULL) = (channel = 'webhook')),
        api_key_id          text,
        status              text NOT NULL CHECK (status IN ('accepted', 'scheduled', 'retrying', 'sending', 'in_doubt',
                              'sent', 'delivered', 'bounced', 'suppressed', 'expired', 'cancelled', 'dead', 'discarded')),
        dispatch            integer NOT NULL DEFAULT 0 CHECK (dispatch >= 0),
        attempts            integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        tries               integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND attempts),
        provider            text,
        provider_message_id text,
        worker_id           uuid,
        reason              text,
        content_digest      bytea,
        created_at          timestamptz NOT NULL DEFAULT now(),
        updated_at          timestamptz NOT NULL DEFAULT now(),
        send_at             timestamptz,
        expires_at          timestamptz,
        deadline_at         timestamptz NOT NULL,
        erased_at           timestamptz,
        CONSTRAINT notifications_sending_has_a_worker CHECK ((status = 'sending') = (worker_id IS NOT NULL)),
        CONSTRAINT notifications_scheduled_has_a_time CHECK (status <> 'scheduled' OR send_at IS NOT NULL),
        CONSTRAINT notifications_erased_is_empty CHECK (
          (erased_at IS NULL AND recipient IS NOT NULL AND business_id IS NOT NULL AND payload IS NOT NULL)
          OR (erased_at IS NOT NULL AND payload IS NULL))
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)`);
    await runner.query(`CREATE INDEX notifications_by_recipient ON notifications (recipient_key, id)`);
    await runner.query(`CREATE INDEX notifications_by_type ON notifications (type, id)`);
    await runner.query(
      `CREATE INDEX notifications_by_event ON notifications (event_id, id) WHERE event_id IS NOT NULL`,
    );

    await runner.query(`
      CREATE TABLE attempts (
        notification_id uuid NOT NULL,
        number          integer NOT NULL CHECK (number > 0),
        dispatch        integer NOT NULL,
        worker_id       uuid NOT NULL,
        provider        text NOT NULL,
        started_at      timestamptz NOT NULL DEFAULT now(),
        finished_at     timestamptz,
        outcome         text CHECK (outcome IN ('taken', 'not_sent', 'deferred', 'rejected', 'in_doubt')),
        class           text,
        code            text,
        detail          text,
        duration_ms     integer,
        PRIMARY KEY (notification_id, number),
        CONSTRAINT attempts_finished_has_an_outcome CHECK ((outcome IS NULL) = (finished_at IS NULL))
      ) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02)`);
    await runner.query(`CREATE INDEX attempts_open ON attempts (worker_id) WHERE outcome IS NULL`);

    await runner.query(`
      CREATE TABLE undelivered (
        notification_id uuid PRIMARY KEY,
        status          text NOT NULL CHECK (status IN ('in_doubt', 'bounced', 'suppressed', 'expired', 'cancelled',
                          'dead', 'discarded')),
        type            text NOT NULL,
        channel         text NOT NULL,
        provider        text,
        class           text,
        code            text,
        detail          text,
        since           timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE INDEX undelivered_by_status ON undelivered (status, notification_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE undelivered, attempts, notifications`);
  }
}
