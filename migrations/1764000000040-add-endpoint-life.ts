import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An endpoint's life after its creation: changed, tried, rotated, switched off and on again.
 *
 * - `failing_since` is the first failure since the last success; NULL while it is well. It is written only when that
 *   changes, so an endpoint that is well costs nothing; `endpoints_failing` holds the sick ones alone.
 * - `judged_from`: what was begun before its URL changed, or before it was switched on again, is no evidence against it.
 * - `endpoint_retired_secrets` are secrets that still sign until their time is over (rotation).
 * - `endpoint_changes` is what happened to an endpoint, by whom or by itself.
 * - A gate has one more holder: `disabled`. What waits for a disabled endpoint waits behind it.
 */
export class AddEndpointLife1764000000040 implements MigrationInterface {
  name = 'AddEndpointLife1764000000040';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE endpoints
        ADD COLUMN IF NOT EXISTS rate_per_second double precision,
        ADD COLUMN concurrency     integer CHECK (concurrency BETWEEN 1 AND 100),
        ADD COLUMN signing_key     bytea,
        ADD COLUMN public_key      text,
        ADD COLUMN disabled_at     timestamptz,
        ADD COLUMN disabled_reason text CHECK (disabled_reason IN ('owner', 'gone', 'failing')),
        ADD COLUMN failing_since   timestamptz,
        ADD COLUMN judged_from     timestamptz NOT NULL DEFAULT now(),
        ADD CONSTRAINT endpoints_signing_key_has_its_public_one CHECK ((signing_key IS NULL) = (public_key IS NULL))`);
    await runner.query(`
      UPDATE endpoints
         SET rate_per_second = split_part(rate_limit, '/', 1)::double precision
                               / CASE split_part(rate_limit, '/', 2) WHEN 's' THEN 1 WHEN 'm' THEN 60 ELSE 3600 END
       WHERE rate_limit IS NOT NULL`);
    await runner.query(
      `UPDATE endpoints SET disabled_at = updated_at, disabled_reason = 'owner' WHERE NOT enabled`,
    );
    await runner.query(`
      ALTER TABLE endpoints ADD CONSTRAINT endpoints_disabled_says_why
        CHECK (enabled = (disabled_at IS NULL) AND enabled = (disabled_reason IS NULL))`);
    await runner.query(
      `CREATE INDEX endpoints_failing ON endpoints (failing_since) WHERE failing_since IS NOT NULL`,
    );

    await runner.query(`
      CREATE TABLE endpoint_retired_secrets (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        endpoint_id uuid NOT NULL,
        secret      bytea NOT NULL,
        signs_until timestamptz NOT NULL
      )`);
    await runner.query(
      `CREATE INDEX endpoint_retired_secrets_of ON endpoint_retired_secrets (endpoint_id, id)`,
    );

    await runner.query(`
      CREATE TABLE endpoint_changes (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        endpoint_id uuid NOT NULL,
        at          timestamptz NOT NULL DEFAULT now(),
        change      text NOT NULL CHECK (change IN ('updated', 'disabled', 'enabled', 'rotated', 'deleted')),
        reason      text,
        api_key_id  text
      )`);
    await runner.query(`CREATE INDEX endpoint_changes_of ON endpoint_changes (endpoint_id, id)`);

    await runner.query(`ALTER TABLE gates DROP CONSTRAINT gates_held_by_check`);
    await runner.query(`
      ALTER TABLE gates ADD CONSTRAINT gates_held_by_check CHECK (
        held_by IN ('breaker', 'pause', 'retry_after', 'rate', 'configuration', 'endpoint', 'disabled'))`);
    await runner.query(`
      INSERT INTO gates (kind, key, held_by, held_until, detail)
      SELECT 'endpoint', id::text, 'disabled', 'infinity', 'by its owner' FROM endpoints WHERE NOT enabled
      ON CONFLICT DO NOTHING`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM gates WHERE held_by = 'disabled'`);
    await runner.query(`ALTER TABLE gates DROP CONSTRAINT gates_held_by_check`);
    await runner.query(`
      ALTER TABLE gates ADD CONSTRAINT gates_held_by_check CHECK (
        held_by IN ('breaker', 'pause', 'retry_after', 'rate', 'configuration', 'endpoint'))`);
    await runner.query(`DROP TABLE endpoint_changes, endpoint_retired_secrets`);
    await runner.query(`
      ALTER TABLE endpoints DROP CONSTRAINT endpoints_disabled_says_why,
        DROP COLUMN judged_from, DROP COLUMN failing_since, DROP COLUMN disabled_reason, DROP COLUMN disabled_at,
        DROP COLUMN public_key, DROP COLUMN signing_key, DROP COLUMN concurrency, DROP COLUMN IF EXISTS rate_per_second`);
  }
}
