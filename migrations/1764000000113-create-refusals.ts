import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the door turned away because too much waited: a row for each lane and cause, told to the alerts by the processes that
 * refused. `api_key_id` is empty where the lane itself was full. No more rows than lanes and keys.
 */
export class CreateRefusals1764000000113 implements MigrationInterface {
  name = 'CreateRefusals1764000000113';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE refusals (
        lane       text NOT NULL CHECK (lane IN ('transactional', 'bulk')),
        api_key_id text NOT NULL,
        since      timestamptz NOT NULL DEFAULT now(),
        last_at    timestamptz NOT NULL DEFAULT now(),
        refused    bigint NOT NULL CHECK (refused > 0),
        PRIMARY KEY (lane, api_key_id)
      ) WITH (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE refusals`);
  }
}
