import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row a running process: its lease (worker) and its sign of life (every role). */
export class CreateProcesses1763800000003 implements MigrationInterface {
  name = 'CreateProcesses1763800000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE processes (
        id         uuid PRIMARY KEY,
        roles      text[] NOT NULL,
        host       text NOT NULL,
        pid        integer NOT NULL,
        version    text NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        renewed_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE processes`);
  }
}
