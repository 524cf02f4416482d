import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where a notification's trace goes on: the span of its acceptance, or what its caller said, as a W3C `traceparent`. NULL for
 * nearly all while tracing is off, which costs nothing. Kept with the notification and not in the outbox: it outlives the row
 * that each attempt deletes, so retries and redrives are of the same trace.
 */
export class AddTraceparent1764000000120 implements MigrationInterface {
  name = 'AddTraceparent1764000000120';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE notifications ADD COLUMN traceparent text`);
    // NOT VALID holds for all that is written from now on; what is there has NULL and need not be read under this lock.
    await runner.query(`
      ALTER TABLE notifications ADD CONSTRAINT notifications_traceparent
        CHECK (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$') NOT VALID`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE notifications DROP COLUMN traceparent`);
  }
}
