import { type Static, Type } from 'typebox';

import { DURATION_PATTERN, RATE_PATTERN } from '../platform/config/units.js';
import { DISABLED_REASONS, type DisabledReason } from './endpoint.entity.js';

const PRINTABLE = '^[^\\u0000-\\u001f\\u007f]+$';
const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: PRINTABLE, description });

/** `invoice.*`, `order.shipped`, `*`; the service's own events only by patterns that begin with `posthaste.`. */
export const TYPE_PATTERN_PATTERN = '^(\\*|[a-z0-9_]+(\\.[a-z0-9_-]+)*(\\.\\*)?)$';

/** More than this at once is no subscriber's wish but a flood. */
export const MAX_ENDPOINT_CONCURRENCY = 100;

const Url = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'https, port 443 or 8443, a public host',
});
const Types = Type.Array(
  Type.String({
    maxLength: 128,
    pattern: TYPE_PATTERN_PATTERN,
    description: 'a type or a pattern, as invoice.*',
  }),
  { minItems: 1, maxItems: 100, uniqueItems: true },
);
const Description = text(512, 'for people');
const OwnHeaders = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }),
  Type.String({ maxLength: 1024, pattern: '^[\\x20-\\x7e]*$' }),
  {
    maxProperties: 20,
    additionalProperties: false,
    description: 'sent with each delivery; none of ours can be overridden',
  },
);
const RateLimit = Type.String({ pattern: RATE_PATTERN, description: 'a rate, as 50/s' });
const Timeout = Type.String({
  pattern: DURATION_PATTERN,
  description: "a duration, as 10s; at most the provider's own timeout",
});
const Concurrency = Type.Integer({
  minimum: 1,
  maximum: MAX_ENDPOINT_CONCURRENCY,
  description:
    "calls in flight at once, per worker process; default: the provider's per_endpoint_concurrency",
});
const Asymmetric = Type.Boolean({
  description: 'sign with a key pair too (v1a, Ed25519): who verifies needs no secret',
});
const Enabled = Type.Boolean({
  description: 'false: what is for it waits, until it is enabled or its deadline',
});

export const EndpointRequest = Type.Object(
  {
    uid: Type.Optional(text(256, "the caller's own name for it, unique")),
    recipient: Type.Optional(text(320, 'it gets only what is for this recipient')),
    url: Url,
    types: Types,
    description: Type.Optional(Description),
    headers: Type.Optional(OwnHeaders),
    rate_limit: Type.Optional(RateLimit),
    timeout: Type.Optional(Timeout),
    concurrency: Type.Optional(Concurrency),
    asymmetric: Type.Optional(Asymmetric),
    enabled: Type.Optional(Enabled),
  },
  { additionalProperties: false },
);
export type EndpointRequest = Static<typeof EndpointRequest>;

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** What is left out stays; null takes a wish back. Its `uid` and its recipient are what it is, and do not change. */
export const EndpointPatch = Type.Object(
  {
    url: Type.Optional(Url),
    types: Type.Optional(Types),
    description: Type.Optional(nullable(Description)),
    headers: Type.Optional(nullable(OwnHeaders)),
    rate_limit: Type.Optional(nullable(RateLimit)),
    timeout: Type.Optional(nullable(Timeout)),
    concurrency: Type.Optional(nullable(Concurrency)),
    asymmetric: Type.Optional(Asymmetric),
    enabled: Type.Optional(Enabled),
  },
  { additionalProperties: false },
);
export type EndpointPatch = Static<typeof EndpointPatch>;

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
  concurrency: nullable(Type.Integer()),
  public_key: nullable(
    Type.String({ description: 'whpk_…: verifies the v1a signatures; null without them' }),
  ),
  enabled: Type.Boolean(),
  disabled_at: nullable(Type.String({ format: 'date-time' })),
  disabled_reason: nullable(
    Type.Unsafe<DisabledReason>({
      type: 'string',
      enum: [...DISABLED_REASONS],
      description: 'owner: by PATCH; gone: it answered 410; failing: five days of nothing but failure',
    }),
  ),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});
export type EndpointView = Static<typeof EndpointView>;

export const CreatedEndpoint = Type.Intersect([
  EndpointView,
  Type.Object({ secret: Type.String({ description: 'whsec_…' }) }),
]);
export const EndpointSecret = Type.Object({ secret: Type.String({ description: 'whsec_…' }) });
export const RotationRequest = Type.Object(
  {
    overlap: Type.Optional(
      Type.String({
        pattern: DURATION_PATTERN,
        description: 'how long what signed until now goes on signing, as 24h (the default); 0s to 7d',
      }),
    ),
  },
  { additionalProperties: false },
);
export type RotationRequest = Static<typeof RotationRequest>;

export const RotatedSecret = Type.Object({
  secret: Type.String({ description: 'whsec_…' }),
  public_key: nullable(Type.String({ description: 'whpk_…, when there is a key pair' })),
  previous_signs_until: nullable(
    Type.String({ format: 'date-time', description: 'null: the old secret signs no more' }),
  ),
});
export type RotatedSecret = Static<typeof RotatedSecret>;

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

export const ATTEMPT_STATUSES = ['succeeded', 'failed', 'in_flight'] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];
const oneStatus = (description: string) =>
  Type.Unsafe<AttemptStatus>({ type: 'string', enum: [...ATTEMPT_STATUSES], description });

export const AttemptsQuery = Type.Object(
  {
    status: Type.Optional(oneStatus('only these')),
    cursor: Type.Optional(Type.String({ maxLength: 128 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  { additionalProperties: false },
);
export type AttemptsQuery = Static<typeof AttemptsQuery>;

export const EndpointAttemptView = Type.Object({
  notification_id: Type.String({ description: 'ntf_…, the webhook-id' }),
  type: Type.String(),
  number: Type.Integer({ description: 'of the notification: 1 is its first' }),
  started_at: Type.String({ format: 'date-time' }),
  status: oneStatus('succeeded: 2xx; in_flight: not answered yet'),
  code: nullable(Type.String()),
  detail: nullable(Type.String({ description: 'the beginning of the answer, sanitised, at most 1 KB' })),
  duration_ms: nullable(Type.Integer()),
});
export type EndpointAttemptView = Static<typeof EndpointAttemptView>;

export const AttemptsPage = Type.Object({
  items: Type.Array(EndpointAttemptView),
  next_cursor: nullable(
    Type.String({ description: 'a page may hold less than its limit, or nothing, and still go on' }),
  ),
});
export type AttemptsPage = Static<typeof AttemptsPage>;

export const HEALTH_STATES = ['healthy', 'failing', 'held', 'disabled'] as const;

export const EndpointHealth = Type.Object({
  id: Type.String(),
  state: Type.Unsafe<(typeof HEALTH_STATES)[number]>({
    type: 'string',
    enum: [...HEALTH_STATES],
    description: 'held: its breaker is open, or it asked to be left alone; a call finds out at `held_until`',
  }),
  failing_since: nullable(
    Type.String({ format: 'date-time', description: 'the first failure since the last success' }),
  ),
  disabled_at: nullable(Type.String({ format: 'date-time' })),
  disabled_reason: nullable(Type.String()),
  held_by: nullable(Type.String({ description: 'endpoint: its breaker; retry_after: its own wish' })),
  held_until: nullable(Type.String({ format: 'date-time' })),
  recent: Type.Object({
    attempts: Type.Integer({ description: 'ended in the last 24 hours, at most the last 1000' }),
    succeeded: Type.Integer(),
    success_rate: nullable(Type.Number({ description: '0 to 1; null without attempts' })),
  }),
  waiting: Type.Integer({ description: 'how much waits for it; 10000 stands for that and more' }),
  oldest_waiting_at: nullable(
    Type.String({ format: 'date-time', description: 'when the oldest of these was accepted' }),
  ),
});
export type EndpointHealth = Static<typeof EndpointHealth>;
