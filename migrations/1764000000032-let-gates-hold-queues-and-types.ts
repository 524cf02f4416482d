import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An operator may also pause one queue (a provider's lane) or one type of notification. */
export class LetGatesHoldQueuesAndTypes1764000000032 implements MigrationInterface {
  name = 'LetGatesHoldQueuesAndTypes1764000000032';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE gates DROP CONSTRAINT gates_kind_check,
        ADD CONSTRAINT gates_kind_check CHECK (kind IN ('provider', 'endpoint', 'queue', 'type'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM gates WHERE kind IN ('queue', 'type')`);
    await runner.query(`
      ALTER TABLE gates DROP CONSTRAINT gates_kind_check,
        ADD CONSTRAINT gates_kind_check CHECK (kind IN ('provider', 'endpoint'))`);
  }
}
