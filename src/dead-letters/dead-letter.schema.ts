import { type Static, Type } from 'typebox';

import { oneOf, text, Time, TYPE_PATTERN } from '../accept/notification.schema.js';
import { CHANNELS } from '../domain/channel.js';
import { ERROR_CLASSES } from '../domain/outcome.js';
import { RESOLUTIONS } from './operators-word.service.js';

export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** What dead letters and redrives are chosen by; a group's fields fit in here as they are. */
export const choice = {
  type: Type.Optional(
    Type.String({ maxLength: 128, pattern: TYPE_PATTERN, description: 'a type, dotted lower case' }),
  ),
  channel: Type.Optional(oneOf(CHANNELS, 'how it goes')),
  provider: Type.Optional(text(32, "a provider's name")),
  error_class: Type.Optional(oneOf(ERROR_CLASSES, 'why it died')),
  created_after: Type.Optional(Time('accepted at or after')),
  created_before: Type.Optional(Time('accepted before')),
};

export const Reason = text(512, 'why, for the audit, printable text');

export const RetryRequest = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false });
export type RetryRequest = Static<typeof RetryRequest>;

export const ResolveRequest = Type.Object(
  { as: oneOf(RESOLUTIONS, 'what became of it, or shall'), reason: Reason },
  { additionalProperties: false },
);
export type ResolveRequest = Static<typeof ResolveRequest>;

export const DiscardRequest = Type.Object({ reason: Reason }, { additionalProperties: false });
export type DiscardRequest = Static<typeof DiscardRequest>;

export const GroupsQuery = Type.Object(choice, { additionalProperties: false });
export type GroupsQuery = Static<typeof GroupsQuery>;

export const DeadLettersQuery = Type.Object(
  {
    ...choice,
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'default 50' })),
  },
  { additionalProperties: false },
);
export type DeadLettersQuery = Static<typeof DeadLettersQuery>;

const AttemptError = Type.Object({
  number: Type.Integer({ description: "the attempt's" }),
  at: Time('when it was made'),
  provider: Type.String(),
  outcome: Type.String(),
  class: nullable(Type.String()),
  code: nullable(Type.String()),
  detail: nullable(Type.String()),
});

export const DeadLetter = Type.Object({
  id: Type.String({ description: 'ntf_…' }),
  type: Type.String(),
  recipient: nullable(Type.String()),
  business_id: nullable(Type.String()),
  channel: oneOf(CHANNELS, 'how it went'),
  provider: nullable(Type.String()),
  error_class: nullable(Type.String({ description: 'why it died' })),
  code: nullable(Type.String()),
  detail: nullable(Type.String()),
  attempts: Type.Integer(),
  created_at: Time('when it was accepted'),
  died_at: Time('when it was given up'),
  expires_at: nullable(Time('not after')),
  first_error: nullable(AttemptError),
  last_error: nullable(AttemptError),
});
export type DeadLetter = Static<typeof DeadLetter>;

export const DeadLetterPage = Type.Object({
  items: Type.Array(DeadLetter),
  next_cursor: nullable(Type.String()),
});
export type DeadLetterPage = Static<typeof DeadLetterPage>;

export const DeadLetterGroups = Type.Object({
  items: Type.Array(
    Type.Object({
      type: Type.String(),
      provider: nullable(Type.String()),
      error_class: nullable(Type.String()),
      count: Type.Integer(),
      first_seen: Time('when the first of them died'),
      last_seen: Time('when the last of them died'),
      example_id: Type.String({ description: 'the last accepted of them, ntf_…' }),
    }),
  ),
});
export type DeadLetterGroups = Static<typeof DeadLetterGroups>;
