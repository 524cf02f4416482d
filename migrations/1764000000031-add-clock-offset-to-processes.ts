import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far a process's own clock is from the database's, said with its heartbeat: null until it knows. */
export class AddClockOffsetToProcesses1764000000031 implements MigrationInterface {
  name = 'AddClockOffsetToProcesses1764000000031';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE processes ADD COLUMN clock_offset_ms bigint`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE processes DROP COLUMN clock_offset_ms`);
  }
}
