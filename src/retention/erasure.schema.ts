import { Type, type Static } from 'typebox';

import { oneOf, Time } from '../accept/notification.schema.js';
import { CHANNELS } from '../domain/channel.js';

export const ErasureRequest = Type.Object(
  {
    recipient: Type.String({
      minLength: 1,
      maxLength: 320,
      description: 'as notifications and events named it, byte for byte',
    }),
    channel: Type.Optional(oneOf(CHANNELS, 'only what went this way; left out: everything, events included')),
    reason: Type.String({
      minLength: 1,
      maxLength: 1_000,
      description: 'why, for the audit, which is kept for ever: a ticket, not a name or an address',
    }),
  },
  { additionalProperties: false },
);
export type ErasureRequest = Static<typeof ErasureRequest>;

const nullableTime = (description: string) => Type.Union([Time(description), Type.Null()]);

export const ErasureView = Type.Object({
  id: Type.String({ description: 'ers_…' }),
  state: oneOf(['running', 'done'] as const, 'done: nothing of it is left to be erased'),
  channel: Type.Union([oneOf(CHANNELS, 'only this'), Type.Null()]),
  erased: Type.Integer({ description: 'notifications whose content is gone' }),
  cancelled: Type.Integer({ description: 'of those, how many still waited and were cancelled' }),
  events: Type.Integer({ description: 'events whose data is gone' }),
  held: Type.Integer({
    description: 'in a provider’s hands or in doubt at the last look: erased when that has ended',
  }),
  created_at: Time('it covers what was accepted until then'),
  finished_at: nullableTime('when the last of it was gone'),
});
export type ErasureView = Static<typeof ErasureView>;
