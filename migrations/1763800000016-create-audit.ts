import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who changed what by the admin API, and why. Append-only: what an operator did cannot be undone in the record, not even by
 * the service itself. The row is written in the transaction of the change, so there is none without the other.
 */
export class CreateAudit1763800000016 implements MigrationInterface {
  name = 'CreateAudit1763800000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at         timestamptz NOT NULL DEFAULT now(),
        api_key_id text NOT NULL,
        action     text NOT NULL,
        target     text NOT NULL,
        reason     text,
        before     jsonb,
        after      jsonb
      )`);
    await runner.query(`CREATE INDEX audit_by_target ON audit (target, id)`);
    await runner.query(`CREATE INDEX audit_by_api_key ON audit (api_key_id, id)`);
    await runner.query(`CREATE INDEX audit_by_action ON audit (action, id)`);
    await runner.query(`
      CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE audit`);
    await runner.query(`DROP FUNCTION audit_is_append_only()`);
  }
}
