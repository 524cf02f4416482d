import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How the service stands, as the metrics show it: one row for all processes. Whoever is scraped when `free_at` is over reads
 * everything anew and writes it here; all others read this row. So what it costs does not grow with the processes.
 */
export class CreateStandings1764000000121 implements MigrationInterface {
  name = 'CreateStandings1764000000121';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE standings (
        is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        free_at  timestamptz NOT NULL DEFAULT now(),
        taken_at timestamptz,
        content  jsonb,
        CHECK ((taken_at IS NULL) = (content IS NULL))
      )`);
    await runner.query(`INSERT INTO standings DEFAULT VALUES`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE standings`);
  }
}
