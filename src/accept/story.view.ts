import { toPublicId } from '../domain/public-id.js';
import { isUndelivered } from '../domain/status.js';
import { explain } from '../notifications/explain.js';
import type { Payload } from '../notifications/payload.js';
import type { StoredAttempt, StoredNotification, StoredReceipt, Story } from '../notifications/story.js';
import { traceIdOf } from '../platform/tracing/traceparent.js';
import type { NotificationStory, NotificationSummary } from './story.schema.js';
import type { Obstacle } from './waiting-holds.js';

/** One notification as the API shows it in a list. `maxAttempts`: by the policy of its type. */
export function toSummary(
  row: StoredNotification,
  payload: Payload | undefined,
  maxAttempts: number,
): NotificationSummary {
  return {
    id: toPublicId('notification', row.id),
    type: row.type,
    recipient: row.recipient,
    business_id: row.businessId,
    channel: row.channel,
    to: payload?.to ?? null,
    status: row.status,
    lane: row.lane,
    provider: row.provider,
    attempts: row.attempts,
    max_attempts: maxAttempts,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    send_at: row.sendAt?.toISOString() ?? null,
    expires_at: row.expiresAt?.toISOString() ?? null,
    provider_message_id: row.providerMessageId,
    ...(row.eventId === null ? {} : { event_id: toPublicId('event', row.eventId) }),
    ...(payload?.metadata === undefined ? {} : { metadata: payload.metadata }),
    ...(row.traceparent === null ? {} : { trace_id: traceIdOf(row.traceparent)! }),
    ...(row.erasedAt === null ? {} : { erased: true }),
    ...(row.payload !== null && payload === undefined ? { unreadable: true } : {}),
  };
}

/** The whole story: what it is, what happened, what happens next. */
export function toStory(
  story: Story,
  payload: Payload | undefined,
  maxAttempts: number,
  obstacle: Obstacle | undefined,
  reports = false,
): NotificationStory {
  const { notification, waiting } = story;
  return {
    ...toSummary(notification, payload, maxAttempts),
    next_attempt_at: waiting ? waiting.availableAt.toISOString() : null,
    next: explain(story, obstacle?.hold, reports, obstacle?.shortage, obstacle?.isUnserved),
    history: historyOf(story),
  };
}

function historyOf({ notification, attempts, receipts, undelivered }: Story): NotificationStory['history'] {
  const end =
    isUndelivered(notification.status) && undelivered
      ? [
          {
            at: undelivered.since.toISOString(),
            event: notification.status,
            code: undelivered.code,
            class: undelivered.class,
          },
        ]
      : [];
  // In the order of our own clock; the providers' are in `reported_at`.
  const heard = [...attempts.flatMap(toEntries), ...receipts.map(toReceiptEntry)].sort((a, b) =>
    a.at.localeCompare(b.at),
  );
  return [{ at: notification.createdAt.toISOString(), event: 'accepted' }, ...heard, ...end];
}

/** An attempt, and what its provider said when it was asked what became of it. */
const toEntries = (attempt: StoredAttempt): NotificationStory['history'] =>
  attempt.askedAt === null || attempt.answer === null
    ? [toEntry(attempt)]
    : [
        toEntry(attempt),
        {
          at: attempt.askedAt.toISOString(),
          event: 'asked',
          number: attempt.number,
          provider: attempt.provider,
          code: attempt.answer,
        },
      ];

const toReceiptEntry = (receipt: StoredReceipt): NotificationStory['history'][number] => ({
  at: receipt.receivedAt.toISOString(),
  event: 'receipt',
  provider: receipt.provider,
  receipt: receipt.kind,
  reported_at: receipt.at.toISOString(),
  class: receipt.class,
  code: receipt.code,
});

const toEntry = (attempt: StoredAttempt): NotificationStory['history'][number] => ({
  at: attempt.startedAt.toISOString(),
  event: 'attempt',
  number: attempt.number,
  provider: attempt.provider,
  outcome: attempt.outcome,
  class: attempt.class,
  code: attempt.code,
  detail: attempt.detail,
  duration_ms: attempt.durationMs,
});
