import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What each process's breakers say, and what they said: operators see all of them in one place. */
export class CreateBreakers1763800000008 implements MigrationInterface {
  name = 'CreateBreakers1763800000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE breakers (
        process_id uuid NOT NULL,
        provider   text NOT NULL,
        state      text NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (process_id, provider)
      )`);
    await runner.query(`
      CREATE TABLE breaker_changes (
        provider   text NOT NULL,
        at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        process_id uuid NOT NULL,
        state      text NOT NULL,
        PRIMARY KEY (provider, at, process_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE breaker_changes, breakers`);
  }
}
