import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where subscribers want their events. `secret` and `headers` are sealed (AES-256-GCM, bound to the row's id). */
export class CreateEndpoints1763800000004 implements MigrationInterface {
  name = 'CreateEndpoints1763800000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE endpoints (
        id          uuid PRIMARY KEY,
        uid         text CONSTRAINT endpoints_uid UNIQUE,
        recipient   text,
        url         text NOT NULL,
        types       text[] NOT NULL,
        description text,
        headers     bytea,
        rate_limit  text,
        timeout_ms  integer,
        enabled     boolean NOT NULL DEFAULT true,
        secret      bytea NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        updated_at  timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE endpoints`);
  }
}
