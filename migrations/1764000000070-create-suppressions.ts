import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Addresses that are not written to any more, and why.
 *
 * - `address_hash` is a keyed hash of channel and address. `suppressions_key` begins with it, so the door and the claim ask
 *   one index one question a notification; while the list is empty that index has no page to read.
 * - One row a reason: an address that bounced and complained stays suppressed when the bounce is taken back.
 * - `type` is empty for all of them; else only notifications of that type are held back.
 * - `address` is sealed, for who manages the list; null where retention had erased it before.
 * - `suppression_strikes` counts failures that only say something when they come again: a full mailbox, a phone that is off.
 *   One row a notification, so that retries of one are one.
 * - `notifications.address_hash` is what the claim asks by: the address itself is sealed in the payload. Null for webhooks.
 */
export class CreateSuppressions1764000000070 implements MigrationInterface {
  name = 'CreateSuppressions1764000000070';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE suppressions (
        id              uuid PRIMARY KEY,
        channel         text NOT NULL CHECK (channel IN ('email', 'sms')),
        address_hash    bytea NOT NULL CHECK (octet_length(address_hash) = 16),
        address         bytea,
        type            text NOT NULL DEFAULT '',
        reason          text NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'unsubscribe', 'stop', 'manual')),
        source          text NOT NULL CHECK (octet_length(source) BETWEEN 1 AND 64),
        notification_id uuid,
        created_at      timestamptz NOT NULL DEFAULT now(),
        expires_at      timestamptz,
        CONSTRAINT suppressions_key UNIQUE (address_hash, type, reason),
        CONSTRAINT suppressions_of_one_type CHECK (type = '' OR reason IN ('unsubscribe', 'manual'))
      )`);
    await runner.query(`CREATE INDEX suppressions_by_channel ON suppressions (channel, id)`);
    await runner.query(`CREATE INDEX suppressions_by_reason ON suppressions (reason, id)`);
    await runner.query(
      `CREATE INDEX suppressions_by_channel_and_reason ON suppressions (channel, reason, id)`,
    );
    await runner.query(
      `CREATE INDEX suppressions_ending ON suppressions (expires_at) WHERE expires_at IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE suppression_strikes (
        address_hash    bytea NOT NULL,
        notification_id uuid NOT NULL,
        struck_at       timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (address_hash, notification_id)
      )`);
    await runner.query(`CREATE INDEX suppression_strikes_by_time ON suppression_strikes (struck_at)`);
    await runner.query(`ALTER TABLE notifications ADD COLUMN address_hash bytea`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE notifications DROP COLUMN address_hash`);
    await runner.query(`DROP TABLE suppression_strikes, suppressions`);
  }
}
