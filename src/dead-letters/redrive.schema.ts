import { type Static, Type } from 'typebox';

import { oneOf, text, Time } from '../accept/notification.schema.js';
import { RATE_PATTERN } from '../platform/config/units.js';
import { choice, nullable, Reason } from './dead-letter.schema.js';

/** What a redrive may take up: the dead, and for a replay what was sent. */
export const REDRIVABLE = ['dead', 'sent', 'delivered', 'bounced'] as const;
export type Redrivable = (typeof REDRIVABLE)[number];

export const REDRIVE_STATES = ['running', 'done', 'cancelled'] as const;
export type RedriveState = (typeof REDRIVE_STATES)[number];

const MAX_IDS = 1_000;

const RedriveFilter = Type.Object(
  {
    status: Type.Optional(oneOf(REDRIVABLE, 'default: dead; the others need a range of time or ids')),
    ...choice,
    endpoint_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'ep_…: what died on its way to this endpoint',
      }),
    ),
    died_after: Type.Optional(Time('given up at or after')),
    died_before: Type.Optional(Time('given up before')),
    ids: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64, description: 'ntf_…' }), {
        minItems: 1,
        maxItems: MAX_IDS,
      }),
    ),
  },
  { additionalProperties: false, description: 'all of it must hold; empty: every dead letter' },
);
export type RedriveFilter = Static<typeof RedriveFilter>;

export const RedriveRequest = Type.Object(
  {
    name: text(128, 'its key, printable text: the same name and body is the same redrive'),
    filter: RedriveFilter,
    rate: Type.Optional(
      Type.String({ pattern: RATE_PATTERN, description: 'a rate, as 100/s (the default)' }),
    ),
    dry_run: Type.Optional(Type.Boolean({ description: 'only count' })),
    reason: Type.Optional(Reason),
  },
  { additionalProperties: false },
);
export type RedriveRequest = Static<typeof RedriveRequest>;

export const RedriveCancel = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false });
export type RedriveCancel = Static<typeof RedriveCancel>;

export const RedriveStarted = Type.Object({
  id: nullable(Type.String({ description: 'rdr_…; null after a dry run' })),
  matched: Type.Integer(),
  dry_run: Type.Boolean(),
});
export type RedriveStarted = Static<typeof RedriveStarted>;

export const RedriveView = Type.Object({
  id: Type.String({ description: 'rdr_…' }),
  name: Type.String(),
  state: oneOf(REDRIVE_STATES, 'how far it is'),
  matched: Type.Integer({ description: 'how many it covers, as of its creation' }),
  done: Type.Integer({ description: 'how many went back into the outbox' }),
  failed: Type.Integer({ description: 'how many could not: no longer in that state, expired or erased' }),
  rate: Type.String(),
  filter: Type.Record(Type.String(), Type.Unknown()),
  started_at: Time('when it was created'),
  finished_at: nullable(Time('when it was done or cancelled')),
  eta: nullable(Time('when it will be done at its rate')),
});
export type RedriveView = Static<typeof RedriveView>;

export const RecoveryRequest = Type.Object(
  {
    since: Time('what was given up at or after this'),
    until: Type.Optional(Time('and before this; default: now')),
  },
  { additionalProperties: false },
);
export type RecoveryRequest = Static<typeof RecoveryRequest>;
