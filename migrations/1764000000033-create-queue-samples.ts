import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How much was due in each lane, every 30 s for an hour: what grows is seen by looking back. */
export class CreateQueueSamples1764000000033 implements MigrationInterface {
  name = 'CreateQueueSamples1764000000033';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE queue_samples (
        channel text NOT NULL,
        lane    text NOT NULL,
        at      timestamptz NOT NULL DEFAULT now(),
        due     integer NOT NULL CHECK (due >= 0),
        PRIMARY KEY (channel, lane, at)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE queue_samples`);
  }
}
