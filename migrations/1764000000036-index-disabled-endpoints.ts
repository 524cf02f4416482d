import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Endpoints that are switched off, alone: an alert counts them every few seconds. */
export class IndexDisabledEndpoints1764000000036 implements MigrationInterface {
  name = 'IndexDisabledEndpoints1764000000036';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX endpoints_disabled ON endpoints (updated_at) WHERE NOT enabled`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX endpoints_disabled`);
  }
}
