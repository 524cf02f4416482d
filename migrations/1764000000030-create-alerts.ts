import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is wrong, said once: one row from the raising of an alert to its resolution.
 *
 * - `alerts_open`: a cause has one open alert, whoever sees it. Two processes that raise it at once agree by this index.
 * - `alert_sightings`: a condition that has not lasted long enough to be told yet. Its row goes with the condition.
 * - `alert_deliveries`: what each target has still to hear, written with the change itself, so that no crash comes between
 *   an alert and its telling. `next_at` is a lease while a process is calling, then the time of the next try.
 * - `alert_turns`: whose turn it is to look. A turn is taken for a time and not by a lock: a process that is stopped in its
 *   turn keeps nobody from looking.
 * - `undelivered_dead_by_time` counts what died lately, from the index alone, whatever has died before.
 */
export class CreateAlerts1764000000030 implements MigrationInterface {
  name = 'CreateAlerts1764000000030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE alerts (
        id              uuid PRIMARY KEY,
        alert_key       text NOT NULL,
        kind            text NOT NULL,
        severity        text NOT NULL CHECK (severity IN ('warning', 'critical')),
        summary         text NOT NULL,
        count           bigint NOT NULL CHECK (count > 0),
        since           timestamptz NOT NULL,
        raised_at       timestamptz NOT NULL DEFAULT now(),
        last_seen_at    timestamptz NOT NULL DEFAULT now(),
        notified_at     timestamptz,
        told            integer NOT NULL DEFAULT 1 CHECK (told > 0),
        told_count      bigint NOT NULL,
        acknowledged_at timestamptz,
        acknowledged_by text,
        resolved_at     timestamptz,
        detail          jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT alerts_acknowledged_by_somebody CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
      ) WITH (fillfactor = 70)`);
    await runner.query(`CREATE UNIQUE INDEX alerts_open ON alerts (alert_key) WHERE resolved_at IS NULL`);
    await runner.query(
      `CREATE INDEX alerts_resolved ON alerts (alert_key, resolved_at) WHERE resolved_at IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE alert_sightings (
        alert_key text PRIMARY KEY,
        kind      text NOT NULL,
        seen_at   timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE alert_deliveries (
        alert_id     uuid NOT NULL,
        news         integer NOT NULL,
        target       text NOT NULL,
        event        text NOT NULL CHECK (event IN ('raised', 'repeated', 'resolved')),
        summary      text NOT NULL,
        count        bigint NOT NULL,
        at           timestamptz NOT NULL DEFAULT now(),
        tries        integer NOT NULL DEFAULT 0,
        next_at      timestamptz NOT NULL DEFAULT now(),
        delivered_at timestamptz,
        given_up_at  timestamptz,
        last_error   text,
        PRIMARY KEY (alert_id, target, news),
        CONSTRAINT alert_deliveries_end_once CHECK (delivered_at IS NULL OR given_up_at IS NULL)
      ) WITH (fillfactor = 70)`);
    await runner.query(`
      CREATE INDEX alert_deliveries_owed ON alert_deliveries (target, next_at)
       WHERE delivered_at IS NULL AND given_up_at IS NULL`);
    await runner.query(`
      CREATE TABLE alert_turns (
        name     text PRIMARY KEY,
        turn     bigint NOT NULL DEFAULT 1,
        taken_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE INDEX undelivered_dead_by_time ON undelivered (since, type, provider, class) WHERE status = 'dead'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX undelivered_dead_by_time`);
    await runner.query(`DROP TABLE alert_turns, alert_deliveries, alert_sightings, alerts`);
  }
}
