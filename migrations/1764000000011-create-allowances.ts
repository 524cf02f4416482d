import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What relays may let out, counted once for all of them.
 *
 * - `sends`: hints published by provider in slots of five seconds, first sends and retries apart; of endpoints the retries
 *   alone. Written by the statement that publishes. A slot may fall below zero: what is handed back unclaimed is taken off
 *   the present slot, not off the one in which it was counted.
 * - `allowances`: the token bucket of each provider and endpoint that has a rate or recovers, and since when it recovers.
 *   A missing row is a full bucket.
 *
 * Rows are few and change often: half of each page stays free, so that every change is heap-only.
 */
export class CreateAllowances1764000000011 implements MigrationInterface {
  name = 'CreateAllowances1764000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sends (
        kind    text NOT NULL CHECK (kind IN ('provider', 'endpoint')),
        key     text NOT NULL,
        slot    bigint NOT NULL,
        firsts  integer NOT NULL DEFAULT 0,
        retries integer NOT NULL DEFAULT 0,
        PRIMARY KEY (kind, key, slot)
      ) WITH (fillfactor = 50)`);
    await runner.query(`
      CREATE TABLE allowances (
        kind       text NOT NULL CHECK (kind IN ('provider', 'endpoint')),
        key        text NOT NULL,
        tokens     double precision NOT NULL,
        filled_at  timestamptz NOT NULL,
        ramp_since timestamptz,
        PRIMARY KEY (kind, key),
        CONSTRAINT allowances_ramp_of_providers CHECK (ramp_since IS NULL OR kind = 'provider')
      ) WITH (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE allowances, sends`);
  }
}
