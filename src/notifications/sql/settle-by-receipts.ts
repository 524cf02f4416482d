import type { PoolClient } from 'pg';

import type { ErrorClass } from '../../domain/outcome.js';
import type { SettlingKind } from '../../domain/receipt.js';
import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { tellOf } from '../../own-events/telling.js';

/** What a provider says became of one notification. */
export interface ReceiptWord {
  id: string;
  provider: string;
  kind: SettlingKind;
  class: ErrorClass | null;
  code: string;
  providerMessageId: string | null;
}

/** `later`: it is in somebody's hands this moment, ask again. `unchanged`: there is nothing for this receipt to change. */
export type ReceiptEffect = 'moved' | 'later' | 'unchanged';

/**
 * Settles by receipts, forward only: `sent` → delivered | bounced, and what nobody was sure of (`in_doubt`, or `retrying`
 * after a doubt) → sent | delivered | bounced. Each notification is named once.
 *
 * - The retry that waits after a doubt is taken away by deleting its outbox row, as anybody must who acts on one that
 *   waits. A row that a claim is deleting is skipped: the claim decides, the receipt comes `later`.
 * - What a provider may speak about: one in doubt after a call to it, one that it took last. Where several calls may
 *   have become messages, only the message that is on record; `sent_as` of an earlier life says nothing of a new doubt.
 * - Locks are taken in the order of ids, and none on what is `sending`: the outcome's commit never waits for a receipt.
 * - One that leaves a doubt frees its ordering key, so a relay is woken.
 */
const SETTLE_BY_RECEIPTS = `
  WITH word AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
      AS w (id, provider, kind, class, code, message_id)
  ), doubtful AS MATERIALIZED (
    SELECT w.id,
           EXISTS (SELECT FROM attempts a WHERE a.notification_id = w.id AND a.outcome = 'taken') AS was_taken
      FROM word w
     WHERE EXISTS (SELECT FROM attempts a
                    WHERE a.notification_id = w.id AND a.provider = w.provider AND a.outcome = 'in_doubt')
  ), unneeded AS (
    DELETE FROM outbox
     WHERE notification_id = ANY (ARRAY(
             SELECT o.notification_id FROM outbox o
              WHERE o.notification_id = ANY (ARRAY(SELECT id FROM doubtful WHERE NOT was_taken))
              ORDER BY o.notification_id FOR UPDATE SKIP LOCKED))
    RETURNING notification_id, dispatch
  ), standing AS MATERIALIZED (
    SELECT n.id, n.status, n.provider AS sent_by, n.provider_message_id AS sent_as, u.dispatch AS waited_as,
           w.provider, w.kind, w.class, w.code, w.message_id
      FROM word w JOIN notifications n ON n.id = w.id LEFT JOIN unneeded u ON u.notification_id = w.id
     WHERE n.status IN ('sent', 'in_doubt') OR u.notification_id IS NOT NULL
     ORDER BY n.id
       FOR UPDATE OF n
  ), moved AS (
    UPDATE notifications n
       SET status = s.kind, reason = s.code, updated_at = now(), dispatch = coalesce(s.waited_as, n.dispatch),
           provider = s.provider,
           provider_message_id = CASE WHEN s.status = 'sent' THEN coalesce(s.sent_as, s.message_id)
                                      ELSE coalesce(s.message_id, s.sent_as) END
      FROM standing s
     WHERE n.id = s.id
       AND CASE
             WHEN s.waited_as IS NOT NULL THEN true
             WHEN s.status = 'in_doubt' THEN
               s.id = ANY (ARRAY(SELECT id FROM doubtful))
               AND (s.sent_as IS NULL OR s.message_id IS DISTINCT FROM s.sent_as)
             WHEN s.status = 'sent' THEN
               s.kind <> 'sent' AND s.provider = s.sent_by
               AND (s.message_id = s.sent_as
                    OR (SELECT count(*) FROM attempts a
                         WHERE a.notification_id = s.id AND a.outcome IN ('taken', 'in_doubt')) < 2)
             ELSE false
           END
    RETURNING n.id, n.type, n.channel, n.ordering_key, n.status, n.dispatch, n.attempts, s.provider, s.class, s.code
  ), arrived AS (
    DELETE FROM undelivered WHERE notification_id = ANY (ARRAY(SELECT id FROM moved WHERE status <> 'bounced'))
  ), undeliverable AS (
    INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code)
    SELECT id, status, type, channel, provider, class, code FROM moved WHERE status = 'bounced'
    ON CONFLICT (notification_id) DO UPDATE
      SET status = excluded.status, provider = excluded.provider, class = excluded.class, code = excluded.code,
          detail = NULL, ask_at = NULL, since = now()
  ), released AS (
    DELETE FROM ordered WHERE notification_id = ANY (ARRAY(SELECT id FROM moved WHERE ordering_key IS NOT NULL))
    RETURNING notification_id
  ), told AS (${tellOf('moved')}
  )
  SELECT w.id,
         CASE WHEN m.id IS NOT NULL THEN 'moved'
              WHEN n.status = 'sending' THEN 'later'
              WHEN n.status = 'retrying' AND w.id = ANY (ARRAY(SELECT id FROM doubtful WHERE NOT was_taken)) THEN 'later'
              WHEN n.status IN ('sent', 'in_doubt') AND s.id IS NULL THEN 'later' -- it moved under our eyes
              ELSE 'unchanged' END AS effect,
         (SELECT ${WAKE_RELAYS} WHERE EXISTS (SELECT FROM released))
    FROM word w
    JOIN notifications n ON n.id = w.id
    LEFT JOIN standing s ON s.id = w.id
    LEFT JOIN moved m ON m.id = w.id`;

export async function settleByReceipts(
  tx: PoolClient,
  words: readonly ReceiptWord[],
): Promise<Map<string, ReceiptEffect>> {
  const { rows } = await tx.query<{ id: string; effect: ReceiptEffect }>({
    name: 'settle_by_receipts',
    text: SETTLE_BY_RECEIPTS,
    values: [
      words.map((word) => word.id),
      words.map((word) => word.provider),
      words.map((word) => word.kind),
      words.map((word) => word.class),
      words.map((word) => word.code),
      words.map((word) => word.providerMessageId),
    ],
  });
  return new Map(rows.map((row) => [row.id, row.effect]));
}
