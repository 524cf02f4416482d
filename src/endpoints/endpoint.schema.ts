import { type Static, Type } from 'typebox';

import { DURATION_PATTERN, RATE_PATTERN } from '../platform/config/units.js';

const PRINTABLE = '^[^\\u0000-\\u001f\\u007f]+$';
const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: PRINTABLE, description });

/** `invoice.*`, `order.shipped`, `*`; the service's own events only by patterns that begin with `posthaste.`. */
export const TYPE_PATTERN_PATTERN = '^(\\*|[a-z0-9_]+(\\.[a-z0-9_-]+)*(\\.\\*)?)$';

export const EndpointRequest = Type.Object(
  {
    uid: Type.Optional(text(256, "the caller's own name for it, unique")),
    recipient: Type.Optional(text(320, 'it gets only what is for this recipient')),
    url: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'https, port 443 or 8443, a public host',
    }),
    types: Type.Array(
      Type.String({
        maxLength: 128,
        pattern: TYPE_PATTERN_PATTERN,
        description: 'a type or a pattern, as invoice.*',
      }),
      { minItems: 1, maxItems: 100, uniqueItems: true },
    ),
    description: Type.Optional(text(512, 'for people')),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }),
        Type.String({ maxLength: 1024, pattern: '^[\\x20-\\x7e]*$' }),
        {
          maxProperties: 20,
          additionalProperties: false,
          description: 'sent with each delivery; none of ours can be overridden',
        },
      ),
    ),
    rate_limit: Type.Optional(Type.String({ pattern: RATE_PATTERN, description: 'a rate, as 50/s' })),
    timeout: Type.Optional(Type.String({ pattern: DURATION_PATTERN, description: 'a duration, as 10s' })),
    enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type EndpointRequest = Static<typeof EndpointRequest>;

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const EndpointView = Type.Object({
  id: Type.String({ description: 'ep_…' }),
  uid: nullable(Type.String()),
  recipient: nullable(Type.String()),
  url: Type.String(),
  types: Type.Array(Type.String()),
  description: nullable(Type.String()),
  headers: Type.Record(Type.String(), Type.String()),
  rate_limit: nullable(Type.String()),
  timeout: nullable(Type.String()),
  enabled: Type.Boolean(),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});
export type EndpointView = Static<typeof EndpointView>;

export const CreatedEndpoint = Type.Intersect([
  EndpointView,
  Type.Object({ secret: Type.String({ description: 'whsec_…' }) }),
]);
export const EndpointSecret = Type.Object({ secret: Type.String({ description: 'whsec_…' }) });
export const EndpointList = Type.Object({
  items: Type.Array(EndpointView),
  next_cursor: nullable(Type.String()),
});

export const EndpointQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    recipient: Type.Optional(text(320, 'only those of this recipient')),
    uid: Type.Optional(text(256, 'the one with this uid')),
  },
  { additionalProperties: false },
);
export type EndpointQuery = Static<typeof EndpointQuery>;
