import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many calls each worker made to each provider and lane in each minute, and what they came to. Kept for an hour. */
export class CreateCallTallies1764000000034 implements MigrationInterface {
  name = 'CreateCallTallies1764000000034';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE call_tallies (
        minute      timestamptz NOT NULL,
        provider    text NOT NULL,
        lane        text NOT NULL,
        process_id  uuid NOT NULL,
        calls       integer NOT NULL,
        taken       integer NOT NULL,
        duration_ms bigint NOT NULL,
        PRIMARY KEY (minute, provider, lane, process_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE call_tallies`);
  }
}
