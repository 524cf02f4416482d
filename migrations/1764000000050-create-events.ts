import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events: what happened, once, for everybody who subscribed.
 *
 * - `events` holds the data, sealed once, however many notifications it becomes: each of them keeps only its address and
 *   refers to it (docs/decisions/0022).
 * - `own_events` is what the service has to say of itself, written in the commit of the change it speaks of and gone with
 *   the commit that spreads it. Short-lived as the outbox: vacuumed by count.
 * - `hears_us` says whether a subscriber asks for the service's own events. Statements that settle notifications look at
 *   the index of these alone, which is empty where nobody asks: one page that is always in memory (docs/decisions/0023).
 * - Subscribers are found by recipient, or, those that listen to everybody, by the patterns they gave.
 */
export class CreateEvents1764000000050 implements MigrationInterface {
  name = 'CreateEvents1764000000050';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE events (
        id          uuid PRIMARY KEY,
        key_hash    bytea NOT NULL CONSTRAINT events_key UNIQUE CHECK (octet_length(key_hash) = 16),
        fingerprint bytea NOT NULL,
        type        text NOT NULL,
        recipient   text,
        business_id text,
        payload     bytea,
        api_key_id  text,
        created_at  timestamptz NOT NULL DEFAULT now(),
        erased_at   timestamptz,
        CONSTRAINT events_erased_is_empty CHECK (
          (erased_at IS NULL AND business_id IS NOT NULL AND payload IS NOT NULL)
          OR (erased_at IS NOT NULL AND payload IS NULL))
      )`);
    await runner.query(`
      CREATE TABLE own_events (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        type            text NOT NULL CHECK (starts_with(type, 'posthaste.')),
        notification_id uuid,
        dispatch        integer,
        business_id     text,
        recipient       text,
        data            jsonb NOT NULL,
        at              timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT own_events_have_a_key CHECK (
          (notification_id IS NULL) = (dispatch IS NULL) AND (notification_id IS NULL) = (business_id IS NOT NULL))
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`);
    // An expression over the elements of an array is stable to the planner; the words in it are not, so it is wrapped.
    await runner.query(`
      CREATE FUNCTION hears_posthaste(types text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
      $$ SELECT EXISTS (SELECT FROM unnest(types) AS pattern WHERE starts_with(pattern, 'posthaste.')) $$`);
    await runner.query(`
      ALTER TABLE endpoints ADD COLUMN hears_us boolean GENERATED ALWAYS AS (hears_posthaste(types)) STORED`);
    await runner.query(`CREATE INDEX endpoints_hearing_us ON endpoints (id) WHERE hears_us AND enabled`);
    await runner.query(
      `CREATE INDEX endpoints_of_recipient ON endpoints (recipient, id) WHERE recipient IS NOT NULL`,
    );
    // Written rarely, read at every event: no list of pending entries to be searched besides.
    await runner.query(`
      CREATE INDEX endpoints_of_everybody ON endpoints USING gin (types) WITH (fastupdate = off)
       WHERE recipient IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX endpoints_of_everybody, endpoints_of_recipient, endpoints_hearing_us`);
    await runner.query(`ALTER TABLE endpoints DROP COLUMN hears_us`);
    await runner.query(`DROP FUNCTION hears_posthaste(text[])`);
    await runner.query(`DROP TABLE own_events, events`);
  }
}
