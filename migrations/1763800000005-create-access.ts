import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may call, and this installation's own key for hashes (sealed by ENCRYPTION_KEY, so that key can be changed). */
export class CreateAccess1763800000005 implements MigrationInterface {
  name = 'CreateAccess1763800000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_keys (
        id           text PRIMARY KEY,
        name         text NOT NULL,
        secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
        scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['send', 'read', 'endpoints', 'admin'] AND scopes <> '{}'),
        created_at   timestamptz NOT NULL DEFAULT now(),
        expires_at   timestamptz,
        revoked_at   timestamptz,
        last_used_at timestamptz
      )`);
    await runner.query(`
      CREATE TABLE installation (
        is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        hash_key bytea NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE idempotent_requests (
        api_key_id text NOT NULL,
        key        text NOT NULL,
        route      text NOT NULL,
        body_hash  bytea NOT NULL,
        answer     bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (api_key_id, key)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE idempotent_requests, installation, api_keys`);
  }
}
