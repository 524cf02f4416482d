import { type Static, Type } from 'typebox';

import { oneOf, text, Time } from '../accept/notification.schema.js';
import { ALERT_KINDS, type AlertKind } from './alert-kinds.js';

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const KINDS = Object.keys(ALERT_KINDS) as AlertKind[];

export const AlertsQuery = Type.Object(
  {
    state: Type.Optional(oneOf(['open', 'resolved'] as const, 'default: both')),
    kind: Type.Optional(oneOf(KINDS, 'only these')),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'a next_cursor' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'default 50' })),
  },
  { additionalProperties: false },
);
export type AlertsQuery = Static<typeof AlertsQuery>;

export const AcknowledgeRequest = Type.Object(
  { reason: Type.Optional(text(512, 'why, for the audit, printable text')) },
  { additionalProperties: false },
);
export type AcknowledgeRequest = Static<typeof AcknowledgeRequest>;

const TargetView = Type.Object({
  name: Type.String(),
  event: oneOf(['raised', 'repeated', 'resolved'] as const, 'the latest it has to hear'),
  state: oneOf(['told', 'waiting', 'failing', 'given_up'] as const, 'whether it has heard it'),
  tries: Type.Integer(),
  next_at: nullable(Time('when it is tried again')),
  last_error: nullable(Type.String()),
});

export const AlertView = Type.Object({
  id: Type.String({ description: 'alr_…' }),
  key: Type.String({ description: 'equal for equal causes' }),
  kind: Type.String({ description: 'docs/operations.md has an entry for each' }),
  severity: oneOf(['warning', 'critical'] as const, 'critical: something does not go out, or may be lost'),
  state: oneOf(['open', 'acknowledged', 'resolved'] as const, 'acknowledged: somebody is at it'),
  summary: Type.String(),
  count: Type.Number({ description: 'how many it concerned at most' }),
  since: Time('when it began'),
  raised_at: Time('when it was told'),
  last_seen_at: Time('when it was last so'),
  notified_at: nullable(Time('when a target first heard of it')),
  told: Type.Integer({ description: 'how often it was news: raised, again, resolved' }),
  acknowledged_at: nullable(Time('when somebody took it')),
  acknowledged_by: nullable(Type.String({ description: 'whose API key that was' })),
  resolved_at: nullable(Time('when it was over')),
  detail: Type.Record(Type.String(), Type.Unknown()),
  targets: Type.Array(TargetView),
});
export type AlertView = Static<typeof AlertView>;

export const AlertPage = Type.Object({
  items: Type.Array(AlertView),
  next_cursor: nullable(Type.String()),
});
export type AlertPage = Static<typeof AlertPage>;
