import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `quiet_until`: the end of the quiet hours that a notification was accepted in, or for. It is `scheduled` until then though
 * its caller named no time. The check is not validated: every row there is obeys the stricter one that it replaces.
 */
export class AddQuietHours1764000000071 implements MigrationInterface {
  name = 'AddQuietHours1764000000071';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications
        ADD COLUMN quiet_until timestamptz,
        DROP CONSTRAINT notifications_scheduled_has_a_time,
        ADD CONSTRAINT notifications_scheduled_has_a_time
          CHECK (status <> 'scheduled' OR send_at IS NOT NULL OR quiet_until IS NOT NULL) NOT VALID`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications
        DROP CONSTRAINT notifications_scheduled_has_a_time,
        ADD CONSTRAINT notifications_scheduled_has_a_time
          CHECK (status <> 'scheduled' OR send_at IS NOT NULL) NOT VALID,
        DROP COLUMN quiet_until`);
  }
}
