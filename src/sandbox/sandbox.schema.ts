import { type Static, Type } from 'typebox';

import { CHANNELS } from '../domain/channel.js';
import type { KeptArrival } from './arrival.js';
import { type FaultOrder, FAULTS } from './fault.js';

const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description });
const nullable = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], description });
const strict = { additionalProperties: false } as const;
const Id = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_TIMES = 1_000;

export const MessagesQuery = Type.Object(
  {
    channel: Type.Optional(oneOf(CHANNELS, 'only what came by this channel')),
    to: Type.Optional(
      Type.String({ maxLength: 320, description: 'exactly this mailbox, E.164 number, or hook name' }),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 320,
        description: 'part of the address or the subject, in any case',
      }),
    ),
    after: Type.Optional(
      Id('only what came after this id, from the oldest on: for reading on without a gap'),
    ),
    before: Type.Optional(Id('only what came before this id: for paging back')),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })),
  },
  strict,
);
export type MessagesQuery = Static<typeof MessagesQuery>;

const Message = Type.Object({
  id: Id('rises with each arrival, over all channels'),
  channel: oneOf(CHANNELS, 'how it came'),
  to: Type.String({ description: 'the mailbox, the E.164 number, or the name in /sandbox/hooks/{name}' }),
  received_at: Type.String({ format: 'date-time' }),
  subject: nullable("the mail's subject, or the webhook's type"),
  raw: Type.String({ description: "the mail's source, the form, or the webhook's body, as it came" }),
  parsed: Type.Record(Type.String(), Type.Unknown(), {
    description: 'email: parts; SMS: text, segments; webhook: URL, signature verdict',
  }),
  headers: Type.Array(Type.Array(Type.String()), { description: 'pairs of name and value, in their order' }),
  notification_id: nullable('ntf_…, where the protocol carries it'),
  fault: nullable('the fault acted out although this arrived'),
  size_bytes: Type.Integer(),
});
export const MessagesAnswer = Type.Object({
  items: Type.Array(Message, { description: 'newest first' }),
  has_more: Type.Boolean({ description: 'there is more in the direction of the question' }),
});

export const ChannelQuery = Type.Object(
  { channel: Type.Optional(oneOf(CHANNELS, 'only this channel; all when left out')) },
  strict,
);
export type ChannelQuery = Static<typeof ChannelQuery>;

export const FaultRequest = Type.Object(
  {
    channel: oneOf(CHANNELS, 'whose next deliveries fail'),
    fault: oneOf(FAULTS, 'how they fail'),
    times: Type.Integer({ minimum: 1, maximum: MAX_TIMES, description: 'how many of them' }),
  },
  strict,
);
export type FaultRequest = Static<typeof FaultRequest>;

export const FaultAnswer = Type.Object({
  id: Type.Integer(),
  channel: oneOf(CHANNELS, 'whose next deliveries fail'),
  fault: oneOf(FAULTS, 'how they fail'),
  times: Type.Integer({ description: 'as ordered' }),
  remaining: Type.Integer({ description: 'still to come' }),
  created_at: Type.String({ format: 'date-time' }),
});
export const FaultsAnswer = Type.Object({
  items: Type.Array(FaultAnswer, { description: 'in the order they are taken' }),
});

export const toMessage = (one: KeptArrival) => ({
  id: one.id,
  channel: one.channel,
  to: one.to,
  received_at: one.receivedAt.toISOString(),
  subject: one.subject,
  raw: one.raw,
  parsed: one.parsed,
  headers: one.headers,
  notification_id: one.notificationId,
  fault: one.fault,
  size_bytes: one.sizeBytes,
});

export const toFault = (one: FaultOrder) => ({
  id: one.id,
  channel: one.channel,
  fault: one.fault,
  times: one.times,
  remaining: one.remaining,
  created_at: one.createdAt.toISOString(),
});

export const toArrivalQuery = (query: MessagesQuery) => ({ ...query, limit: query.limit ?? DEFAULT_LIMIT });
