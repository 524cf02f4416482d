import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A turn says when it is free instead of when it was taken: a look that hangs at the queue is not overtaken by the next one,
 * and so by every next one, before it is written down.
 */
export class LetAlertTurnsEnd1764000000035 implements MigrationInterface {
  name = 'LetAlertTurnsEnd1764000000035';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE alert_turns ADD COLUMN free_at timestamptz NOT NULL DEFAULT now(), DROP COLUMN taken_at`,
    );
    await runner.query(`ALTER TABLE alert_turns ALTER COLUMN free_at DROP DEFAULT`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE alert_turns ADD COLUMN taken_at timestamptz NOT NULL DEFAULT now(), DROP COLUMN free_at`,
    );
  }
}
