import { type Static, Type } from 'typebox';

import { CHANNELS, IN_DOUBT_POLICIES, LANES } from '../domain/channel.js';
import { STATUSES } from '../domain/status.js';
import { DURATION_PATTERN } from '../platform/config/units.js';

export const TYPE_PATTERN = '^[a-z0-9_]+(\\.[a-z0-9_-]+)*$';
/** Opaque to us, but a control character in a key is always a mistake. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f]+$';
export const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: PRINTABLE, description });
export const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description });
export const Time = (description: string) => Type.String({ format: 'date-time', description });
const Json = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description });

export const NotificationRequest = Type.Object(
  {
    type: Type.String({
      maxLength: 128,
      pattern: TYPE_PATTERN,
      description: 'dotted lower case, as invoice.issued',
    }),
    recipient: text(320, 'who it is for, printable text; part of the key'),
    business_id: text(256, 'what it is about, printable text; part of the key'),
    channel: Type.Optional(oneOf(CHANNELS, 'how it goes; may be left out when the type names one')),
    to: Type.Optional(
      text(320, 'the address: a mailbox, an E.164 number, an endpoint id; default: the recipient'),
    ),
    data: Type.Optional(Json('what the template is filled with, or what a webhook carries')),
    template: Type.Optional(
      Type.String({ maxLength: 128, pattern: TYPE_PATTERN, description: 'default: the type' }),
    ),
    locale: Type.Optional(
      Type.String({
        maxLength: 35,
        pattern: '^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$',
        description: 'a language tag, as de-AT',
      }),
    ),
    lane: Type.Optional(oneOf(LANES, 'default: transactional')),
    send_at: Type.Optional(Time('not before this time')),
    expires_at: Type.Optional(Time('not after this time')),
    expires_in: Type.Optional(
      Type.String({ pattern: DURATION_PATTERN, description: 'a duration, as 500ms, 10s, 15m, 24h or 7d' }),
    ),
    on_in_doubt: Type.Optional(oneOf(IN_DOUBT_POLICIES, 'when nobody can know whether the provider took it')),
    ordering_key: Type.Optional(text(256, 'those with the same key go one after the other')),
    time_zone: Type.Optional(
      Type.String({
        maxLength: 64,
        pattern: '^[A-Za-z][A-Za-z0-9_+\\-]*(/[A-Za-z0-9_+\\-]+)*$',
        description: "the recipient's time zone, as Europe/Berlin: what quiet hours go by",
      }),
    ),
    metadata: Type.Optional(Json('kept and given back; no part of the content')),
  },
  { additionalProperties: false },
);
export type NotificationRequest = Static<typeof NotificationRequest>;

export const Accepted = Type.Object({
  id: Type.String({ description: 'ntf_…' }),
  status: oneOf(STATUSES, 'its present status'),
  duplicate: Type.Boolean({ description: 'the key was accepted before, with the same content' }),
  segments: Type.Optional(Type.Integer({ description: 'of an SMS: how many parts it is billed as' })),
  erased: Type.Optional(Type.Boolean({ description: 'its content has been erased by retention' })),
});
export type Accepted = Static<typeof Accepted>;

export const MAX_BATCH = 1000;

/** Items are checked one by one, so that each stands alone. */
export const BatchRequest = Type.Object(
  { notifications: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_BATCH }) },
  { additionalProperties: false },
);

export const BatchAnswer = Type.Object({
  results: Type.Array(
    Type.Object({
      index: Type.Integer(),
      http_status: Type.Integer(),
      id: Type.Optional(Type.String()),
      status: Type.Optional(oneOf(STATUSES, 'its present status')),
      duplicate: Type.Optional(Type.Boolean()),
      segments: Type.Optional(Type.Integer()),
      erased: Type.Optional(Type.Boolean()),
      problem: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), { description: 'problem details, RFC 9457' }),
      ),
    }),
  ),
});
