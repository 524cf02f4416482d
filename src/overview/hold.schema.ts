import { type Static, Type } from 'typebox';

import { oneOf, text, Time } from '../accept/notification.schema.js';
import { GATE_HOLDERS, type Hold } from '../domain/gate.js';

export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const HoldView = Type.Object({
  by: oneOf(GATE_HOLDERS, 'why it is held'),
  since: Time('since when'),
  until: nullable(Time('null: until it is let go')),
  detail: nullable(Type.String()),
});
export type HoldView = Static<typeof HoldView>;

export const toHoldView = ({ heldBy, since, until, detail }: Hold): HoldView => ({
  by: heldBy,
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
  detail,
});

/** Why an operator does something, for the audit. */
export const Reason = Type.Object(
  { reason: Type.Optional(text(512, 'why, for the audit, printable text')) },
  { additionalProperties: false },
);
export type Reason = Static<typeof Reason>;
