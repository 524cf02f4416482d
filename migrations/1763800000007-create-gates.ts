import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What may not go out now: one row for each reason that holds a provider or an endpoint. A gate is open when none of its
 * rows is in force. Kept here and not in the queue: a pause that lives in Redis is lost with Redis.
 */
export class CreateGates1763800000007 implements MigrationInterface {
  name = 'CreateGates1763800000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE gates (
        kind       text NOT NULL CHECK (kind IN ('provider', 'endpoint')),
        key        text NOT NULL,
        held_by    text NOT NULL CHECK (held_by IN ('breaker', 'pause', 'retry_after', 'rate', 'configuration', 'endpoint')),
        held_until timestamptz NOT NULL,
        since      timestamptz NOT NULL DEFAULT now(),
        detail     text,
        PRIMARY KEY (kind, key, held_by)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE gates`);
  }
}
