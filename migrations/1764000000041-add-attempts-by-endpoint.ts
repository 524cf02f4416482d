import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The attempts at one endpoint, newest first: its owner's list, its success rate, and the proof that nothing has succeeded
 * for days. Of webhooks alone; by the time of the attempt, because what was recovered today may have been accepted last
 * week. Attempts made before this are not in it.
 */
export class AddAttemptsByEndpoint1764000000041 implements MigrationInterface {
  name = 'AddAttemptsByEndpoint1764000000041';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE attempts ADD COLUMN endpoint_id uuid`);
    await runner.query(`
      CREATE INDEX attempts_by_endpoint ON attempts (endpoint_id, started_at, notification_id, number)
       WHERE endpoint_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX attempts_by_endpoint`);
    await runner.query(`ALTER TABLE attempts DROP COLUMN endpoint_id`);
  }
}
