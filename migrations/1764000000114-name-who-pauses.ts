import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose word a hold is, when a person said it: the id of the API key. Null: a process found it out. */
export class NameWhoPauses1764000000114 implements MigrationInterface {
  name = 'NameWhoPauses1764000000114';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE gates ADD COLUMN api_key_id text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE gates DROP COLUMN api_key_id`);
  }
}
