import type { Pool, PoolClient } from 'pg';

import type { Next } from '../../domain/decide-next.js';
import type { ErrorClass, Outcome } from '../../domain/outcome.js';
import { SENDER_OF } from '../../domain/sender.js';
import { WAKE_RELAYS } from '../../domain/wake-up.js';
import { tellOf } from '../../own-events/telling.js';
import { type Columns, orEmpty, rowsByPosition } from '../../platform/database/column-arrays.js';
import type { SuppressionDraft } from '../../suppressions/draft.js';
import { draftsIn, SUPPRESS_DRAFTS } from '../../suppressions/statement-parts.js';
import { DOUBTFUL_PROVIDER } from './doubtful-provider.js';
import { KIND_AFTER } from './kind-after.js';

/** What one attempt came to and what follows, for one commit. */
export interface AttemptRecord {
  id: string;
  attempt: number;
  dispatch: number;
  outcome: Outcome;
  next: Next;
  durationMs: number;
  /** After an unknown outcome it may only go to the provider that may have it; else null. */
  pinnedProvider: string | null;
  /** Of what was sent, hex; null where nobody will need it. */
  contentDigest?: string | null;
  /** What the outcome says of the address; undefined: nothing. */
  suppression?: SuppressionDraft | undefined;
  /** Set when its provider reports later: then the provider's id is kept where a receipt finds it. */
  awaitsReceipt?: boolean;
}

const COLUMNS: Columns = [
  ['id', 'uuid'],
  ['number', 'integer'],
  ['dispatch', 'integer'],
  ['outcome', 'text'],
  ['class', 'text'],
  ['code', 'text'],
  ['detail', 'text'],
  ['duration_ms', 'integer'],
  ['provider_message_id', 'text'],
  ['next_status', 'text'],
  ['reason', 'text'],
  ['delay_ms', 'bigint'],
  ['gives_back_try', 'boolean'],
  ['pinned_provider', 'text'],
  ['settled_class', 'text'],
  ['quiet_ms', 'bigint'],
  ['awaits_receipt', 'boolean'],
  ['ask_in_ms', 'bigint'],
  ['content_digest', 'text'],
];
const DRAFTS = `$${COLUMNS.length + 1}`;

/**
 * The outcome: one commit closes the attempt, moves the notification and writes what follows.
 *
 * Guarded twice: the attempt must still be open and the notification still `sending` at the same dispatch. Who was given
 * up meanwhile wins nothing here and is told so (see settle-late). Only one writer can win, so repeating the statement
 * after a lost answer is harmless. A relay is woken for what its poll (1 s) would see too late: a retry sooner than that,
 * or the next of an ordering key.
 *
 * A retry after any doubtful attempt goes to the provider that may have it, also when a later attempt there was a plain
 * failure: another provider would make a second message.
 *
 * What outcomes say of addresses is rare: it comes as one JSON list and joins the suppression list in the same commit. A wait
 * for the end of quiet hours moves the deadline with it.
 *
 * `closed` hands the input on: joining it again would compare every row of the group with every other. "Open" is asked as
 * `finished_at IS NULL`, which a CHECK makes the same as `outcome IS NULL`: the latter tempts the planner to read all of
 * `attempts_open`, with what was open once and is not vacuumed yet, for every group instead of one key a row.
 */
const RECORD_OUTCOMES = `
  WITH input AS (
    SELECT * FROM ${rowsByPosition(COLUMNS)} AS i
  ), closed AS (
    UPDATE attempts a
       SET outcome = i.outcome, class = i.class, code = i.code, detail = i.detail, duration_ms = i.duration_ms,
           finished_at = now(), content_digest = decode(i.content_digest, 'hex')
      FROM input i
     WHERE a.notification_id = i.id AND a.number = i.number AND a.finished_at IS NULL
    RETURNING i.*, a.provider AS called
  ), known_there_as AS (
    INSERT INTO provider_messages (provider, provider_message_id, notification_id)
    SELECT DISTINCT ON (called, provider_message_id) called, provider_message_id, id
      FROM closed WHERE awaits_receipt AND provider_message_id IS NOT NULL
    ON CONFLICT DO NOTHING
  ), moved AS (
    UPDATE notifications n
       SET status = i.next_status, worker_id = NULL, reason = i.reason, updated_at = now(),
           provider_message_id = coalesce(i.provider_message_id, n.provider_message_id),
           tries = n.tries - i.gives_back_try::integer,
           deadline_at = n.deadline_at + i.quiet_ms * interval '1 ms'
      FROM closed i
     WHERE n.id = i.id AND n.status = 'sending' AND n.dispatch = i.dispatch
    RETURNING n.id, n.type, n.channel, n.lane, n.provider, n.endpoint_id, n.ordering_key, n.expires_at, n.deadline_at, n.tries,
              n.created_at, n.attempts, i.next_status, i.dispatch, i.reason, i.delay_ms, i.pinned_provider, i.settled_class, i.code,
              i.detail, i.ask_in_ms, n.api_key_id
  ), owed AS (
    INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, reason, provider, endpoint_id,
                        ordering_seq, dispatch, sender)
    SELECT m.id, m.channel, m.lane, ${KIND_AFTER('m.tries')}, now() + m.delay_ms * interval '1 ms', least(m.expires_at, m.deadline_at),
           m.reason,
           coalesce(m.pinned_provider, ${DOUBTFUL_PROVIDER('m.id')}), m.endpoint_id,
           (SELECT o.seq FROM ordered o WHERE o.notification_id = m.id), m.dispatch, ${SENDER_OF('m.api_key_id')}
      FROM moved m
     WHERE m.next_status = 'retrying'
  ), undeliverable AS (
    INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code, detail, ask_at)
    SELECT id, next_status, type, channel, provider, settled_class, code, detail, now() + ask_in_ms * interval '1 ms'
      FROM moved WHERE next_status IN ('in_doubt', 'suppressed', 'expired', 'dead')
    ON CONFLICT (notification_id) DO UPDATE
      SET status = excluded.status, provider = excluded.provider, class = excluded.class, code = excluded.code,
          detail = excluded.detail, ask_at = excluded.ask_at, asked = 0, since = now()
  ), released AS (
    DELETE FROM ordered
     WHERE notification_id = ANY (ARRAY(
             SELECT id FROM moved WHERE ordering_key IS NOT NULL AND next_status NOT IN ('retrying', 'in_doubt')))
  ), told AS (${tellOf('(SELECT *, next_status AS status, settled_class AS class FROM moved) AS ended')}
  ), drafts AS (
    SELECT d.* FROM ${draftsIn(DRAFTS)} JOIN moved m ON m.id = d.notification_id
  ), ${SUPPRESS_DRAFTS}
  SELECT id,
         (SELECT ${WAKE_RELAYS}
           WHERE EXISTS (SELECT FROM moved WHERE ordering_key IS NOT NULL OR (next_status = 'retrying' AND delay_ms < 1000)))
    FROM moved`;

/** Answers for each record whether it won. */
export async function recordOutcomes(
  pool: Pool | PoolClient,
  records: readonly AttemptRecord[],
): Promise<boolean[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'record_outcomes',
    text: RECORD_OUTCOMES,
    values: columnsOf(records),
  });
  const won = new Set(rows.map((row) => row.id));
  return records.map((record) => won.has(record.id));
}

/** Why it ended so: of a dead one the verdict's reason, which may be time and not its last error. */
export function classOf(next: Next, outcome: Outcome): ErrorClass | null {
  if (next.status === 'dead') return next.class;
  return outcome.kind === 'taken' ? null : outcome.class;
}

function columnsOf(records: readonly AttemptRecord[]): unknown[] {
  const column = <V>(value: (record: AttemptRecord) => V): V[] => records.map(value);
  const rare = <V>(value: (record: AttemptRecord) => V): readonly V[] => orEmpty(records.map(value));
  return [
    column((r) => r.id),
    column((r) => r.attempt),
    column((r) => r.dispatch),
    column((r) => r.outcome.kind),
    rare((r) => (r.outcome.kind === 'taken' ? null : r.outcome.class)),
    column((r) => r.outcome.code),
    column((r) => r.outcome.detail),
    column((r) => Math.round(r.durationMs)),
    rare((r) => (r.outcome.kind === 'taken' ? (r.outcome.providerMessageId ?? null) : null)),
    column((r) => r.next.status),
    rare((r) => r.next.reason),
    column((r) => (r.next.status === 'retrying' ? r.next.delayMs : 0)),
    column((r) => r.next.status === 'retrying' && !r.next.consumesTry),
    rare((r) => r.pinnedProvider),
    rare((r) => classOf(r.next, r.outcome)),
    column((r) => (r.next.status === 'retrying' ? (r.next.quietMs ?? 0) : 0)),
    column((r) => r.awaitsReceipt ?? false),
    rare((r) => (r.next.status === 'in_doubt' ? (r.next.askInMs ?? null) : null)),
    rare((r) => r.contentDigest ?? null),
    JSON.stringify(records.flatMap((r) => r.suppression ?? [])),
  ];
}
