import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How much an API key may ask for, as its maker wrote it (`100/s`); null: what the configuration says. */
export class LetApiKeysHaveRates1764000000112 implements MigrationInterface {
  name = 'LetApiKeysHaveRates1764000000112';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE api_keys ADD COLUMN rate text CHECK (rate ~ '^[1-9][0-9]{0,6}/(s|m|h)$')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE api_keys DROP COLUMN rate`);
  }
}
