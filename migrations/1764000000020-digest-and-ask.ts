import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What ends a doubt: what was sent, and when the provider is asked what became of it.
 *
 * - `attempts.content_digest`: keyed, of content, address and sender, kept where a repetition or a question may need it. Its
 *   index tells whether a message that a provider names is another notification's already; it is partial, so deliveries
 *   that nobody doubts pay nothing for it.
 * - `asked_at` and `answer`: the last question about that attempt, for the story.
 * - `undelivered.ask_at`: when the next question is due. Only doubts have one, so the index is as long as the list of them.
 */
export class DigestAndAsk1764000000020 implements MigrationInterface {
  name = 'DigestAndAsk1764000000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE attempts
        ADD COLUMN content_digest bytea CHECK (octet_length(content_digest) = 31),
        ADD COLUMN asked_at timestamptz,
        ADD COLUMN answer text CHECK (answer IN ('found', 'not_found', 'unanswered')),
        ADD CONSTRAINT attempts_asked_has_an_answer CHECK ((asked_at IS NULL) = (answer IS NULL))`);
    await runner.query(
      `CREATE INDEX attempts_by_content ON attempts (content_digest) WHERE content_digest IS NOT NULL`,
    );
    await runner.query(`
      ALTER TABLE undelivered
        ADD COLUMN ask_at timestamptz,
        ADD COLUMN asked integer NOT NULL DEFAULT 0 CHECK (asked >= 0)`);
    await runner.query(`CREATE INDEX undelivered_to_ask ON undelivered (ask_at) WHERE ask_at IS NOT NULL`);
    await runner.query(`ALTER TABLE notifications DROP COLUMN content_digest`); // never written: it is the attempts' affair
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE notifications ADD COLUMN content_digest bytea`);
    await runner.query(`ALTER TABLE undelivered DROP COLUMN asked, DROP COLUMN ask_at`);
    await runner.query(
      `ALTER TABLE attempts DROP COLUMN answer, DROP COLUMN asked_at, DROP COLUMN content_digest`,
    );
  }
}
