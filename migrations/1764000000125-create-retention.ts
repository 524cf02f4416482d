import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is erased, by age and on request.
 *
 * - `retention_progress`: up to where each kind of step has looked. Ids are in the order of time, so what is older than its
 *   age is what comes next, and a step reads its own rows alone. Written with what the step erased: a restart goes on there.
 * - `retention_held`: what a step passed by because it was not settled, or not for long enough. It is looked at again by
 *   itself, so that one that waits for years keeps nothing behind it from being erased.
 * - `erasures`: a person's wish to be forgotten. Whom it is about is sealed, and gone when it is done.
 *
 * New tables only: nothing that a running process of the version before reads or writes is touched.
 */
export class CreateRetention1764000000125 implements MigrationInterface {
  name = 'CreateRetention1764000000125';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE retention_progress (
        task         text PRIMARY KEY,
        reached      text NOT NULL,
        caught_up_at timestamptz NOT NULL DEFAULT now()
      ) WITH (fillfactor = 50)`);
    await runner.query(`
      CREATE TABLE retention_held (
        task          text NOT NULL,
        id            uuid NOT NULL,
        look_again_at timestamptz NOT NULL,
        PRIMARY KEY (task, id)
      )`);
    await runner.query(`CREATE INDEX retention_held_due ON retention_held (task, look_again_at)`);
    await runner.query(`
      CREATE TABLE erasures (
        id            uuid PRIMARY KEY,
        recipient     bytea,
        recipient_key bigint,
        channel       text CHECK (channel IN ('email', 'sms', 'webhook')),
        state         text NOT NULL CHECK (state IN ('running', 'done')),
        reached       uuid NOT NULL,
        erased        bigint NOT NULL DEFAULT 0 CHECK (erased >= 0),
        cancelled     bigint NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
        events        bigint NOT NULL DEFAULT 0 CHECK (events >= 0),
        held          bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
        look_again_at timestamptz NOT NULL DEFAULT now(),
        created_at    timestamptz NOT NULL DEFAULT now(),
        finished_at   timestamptz,
        CONSTRAINT erasures_end_once CHECK ((state = 'running') = (finished_at IS NULL)),
        CONSTRAINT erasures_forget_whom CHECK (
          (state = 'running') = (recipient IS NOT NULL) AND (recipient IS NULL) = (recipient_key IS NULL))
      ) WITH (fillfactor = 70)`);
    await runner.query(`CREATE INDEX erasures_running ON erasures (look_again_at) WHERE state = 'running'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE erasures, retention_held, retention_progress`);
  }
}
