import { type Static, Type } from 'typebox';

import { text, Time, TYPE_PATTERN } from '../accept/notification.schema.js';
import { STATUSES } from '../domain/status.js';

export const EventRequest = Type.Object(
  {
    type: Type.String({
      maxLength: 128,
      pattern: TYPE_PATTERN,
      description: 'dotted lower case, as order.shipped',
    }),
    business_id: text(256, 'what happened, printable text; part of the key'),
    recipient: Type.Optional(text(320, 'whom it concerns, printable text; part of the key')),
    data: Type.Record(Type.String(), Type.Unknown(), { description: 'what each subscriber gets' }),
  },
  { additionalProperties: false },
);
export type EventRequest = Static<typeof EventRequest>;

export const AcceptedEvent = Type.Object({
  id: Type.String({ description: 'evt_…' }),
  matched: Type.Integer({ description: 'endpoints subscribed to it now; each has its notification' }),
  duplicate: Type.Boolean({ description: 'the key was accepted before, with the same content' }),
  erased: Type.Optional(Type.Boolean({ description: 'its data has been erased: nobody new is told' })),
});
export type AcceptedEvent = Static<typeof AcceptedEvent>;

export const EventView = Type.Object({
  id: Type.String({ description: 'evt_…' }),
  type: Type.String(),
  recipient: Type.Union([Type.String(), Type.Null()]),
  business_id: Type.Union([Type.String(), Type.Null()]),
  created_at: Time('when it was accepted'),
  notifications: Type.Object(
    Object.fromEntries(STATUSES.map((status) => [status, Type.Optional(Type.Integer())])),
    { description: 'how many are in which status; of at most 20,000' },
  ),
  erased: Type.Optional(Type.Boolean({ description: 'its data has been erased by retention' })),
});
export type EventView = Static<typeof EventView>;
