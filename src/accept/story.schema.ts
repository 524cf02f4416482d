import { type Static, Type } from 'typebox';

import { CHANNELS, LANES } from '../domain/channel.js';
import { OUTCOME_KINDS } from '../domain/outcome.js';
import { RECEIPT_KINDS } from '../domain/receipt.js';
import { STATUSES } from '../domain/status.js';
import { oneOf, text, Time, TYPE_PATTERN } from './notification.schema.js';

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const NextView = Type.Object({
  action: oneOf(['send', 'retry', 'wait', 'review', 'none'] as const, 'what happens next'),
  at: Type.Optional(Time('when')),
  reason: Type.String({ description: 'a sentence for people' }),
  waiting_for: Type.Optional(
    oneOf(
      [
        'retry_timer',
        'breaker',
        'rate_limit',
        'pause',
        'budget',
        'order',
        'schedule',
        'queue',
        'outbox',
        'endpoint',
        'provider',
        'receipt',
        'operator',
      ] as const,
      'what it waits for',
    ),
  ),
  can: Type.Array(oneOf(['retry', 'cancel', 'resolve'] as const, 'what a caller or an operator can do')),
});

const HistoryEntry = Type.Object({
  at: Time('when'),
  event: Type.String({
    description:
      'accepted, attempt, receipt, asked (the provider, what became of a doubt; `code` is its answer), or the status it ended in',
  }),
  number: Type.Optional(Type.Integer()),
  provider: Type.Optional(Type.String()),
  outcome: Type.Optional(nullable(oneOf(OUTCOME_KINDS, 'null while the call is under way'))),
  receipt: Type.Optional(oneOf(RECEIPT_KINDS, 'what the provider said of it later')),
  reported_at: Type.Optional(Time('when, by the provider’s clock')),
  class: Type.Optional(nullable(Type.String())),
  code: Type.Optional(nullable(Type.String())),
  detail: Type.Optional(nullable(Type.String())),
  duration_ms: Type.Optional(nullable(Type.Integer())),
});

/** What a list shows of each. */
const summary = {
  id: Type.String({ description: 'ntf_…' }),
  type: Type.String(),
  recipient: nullable(Type.String()),
  business_id: nullable(Type.String()),
  channel: oneOf(CHANNELS, 'how it goes'),
  to: nullable(Type.String()),
  status: oneOf(STATUSES, 'its present status'),
  lane: oneOf(LANES, 'its lane'),
  provider: nullable(Type.String()),
  attempts: Type.Integer(),
  max_attempts: Type.Integer({ description: 'quick attempts; a class that is retried slowly may take more' }),
  created_at: Time('when it was accepted'),
  updated_at: Time('when its status last changed'),
  send_at: nullable(Time('not before')),
  expires_at: nullable(Time('not after')),
  provider_message_id: nullable(Type.String()),
  event_id: Type.Optional(Type.String()),
  trace_id: Type.Optional(
    Type.String({
      description: 'of the trace it is part of (W3C), when there is one: 32 hexadecimal digits',
    }),
  ),
  metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  erased: Type.Optional(Type.Boolean()),
  unreadable: Type.Optional(
    Type.Boolean({ description: 'its content was sealed with another ENCRYPTION_KEY, or is damaged' }),
  ),
};

export const NotificationSummary = Type.Object(summary);
export type NotificationSummary = Static<typeof NotificationSummary>;

export const NotificationStory = Type.Object({
  ...summary,
  next_attempt_at: nullable(Time('when it is tried next, as far as that is known')),
  next: NextView,
  history: Type.Array(HistoryEntry),
});
export type NotificationStory = Static<typeof NotificationStory>;

export const NotificationPage = Type.Object({
  items: Type.Array(NotificationSummary),
  next_cursor: nullable(Type.String()),
});
export type NotificationPage = Static<typeof NotificationPage>;

export const ListQuery = Type.Object(
  {
    type: Type.Optional(
      Type.String({ maxLength: 128, pattern: TYPE_PATTERN, description: 'a type, dotted lower case' }),
    ),
    recipient: Type.Optional(text(320, 'who it was for, printable text')),
    business_id: Type.Optional(text(256, 'what it was about, printable text')),
    status: Type.Optional(oneOf(STATUSES, 'its present status')),
    channel: Type.Optional(oneOf(CHANNELS, 'how it goes')),
    provider: Type.Optional(text(32, "a provider's name")),
    event_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    created_after: Type.Optional(Time('accepted at or after')),
    created_before: Type.Optional(Time('accepted before')),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'default 50' })),
  },
  { additionalProperties: false },
);
export type ListQuery = Static<typeof ListQuery>;
