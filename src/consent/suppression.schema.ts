import { type Static, Type } from 'typebox';

import { oneOf, text, Time, TYPE_PATTERN } from '../accept/notification.schema.js';
import { SUPPRESSION_REASONS } from '../domain/suppression.js';
import { SUPPRESSIBLE } from '../suppressions/suppression.js';

export const MAX_IMPORT = 1000;
const strict = { additionalProperties: false } as const;

const item = {
  channel: oneOf(SUPPRESSIBLE, 'email or sms'),
  address: text(320, 'a mailbox or an E.164 number'),
  reason: Type.Optional(
    oneOf(SUPPRESSION_REASONS, 'default: manual; complaint and stop cannot be taken back'),
  ),
  type: Type.Optional(
    Type.String({
      maxLength: 128,
      pattern: TYPE_PATTERN,
      description: 'only notifications of this type; for unsubscribe and manual alone',
    }),
  ),
  expires_at: Type.Optional(Time('in force until then; default: for good')),
};

export const SuppressionItem = Type.Object(item, strict);
export type SuppressionItem = Static<typeof SuppressionItem>;

/** One address, or many as `items`. */
export const SuppressionRequest = Type.Object(
  {
    ...Type.Partial(Type.Object(item)).properties,
    items: Type.Optional(
      Type.Array(SuppressionItem, {
        minItems: 1,
        maxItems: MAX_IMPORT,
        description: `up to ${MAX_IMPORT}, instead of the other fields`,
      }),
    ),
  },
  strict,
);
export type SuppressionRequest = Static<typeof SuppressionRequest>;

export const AddedSuppressions = Type.Object({
  added: Type.Integer({ description: 'how many were not in force before' }),
  ids: Type.Array(Type.String({ description: 'sup_…, in the order of the request' })),
});
export type AddedSuppressions = Static<typeof AddedSuppressions>;

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const SuppressionView = Type.Object({
  id: Type.String({ description: 'sup_…' }),
  channel: oneOf(SUPPRESSIBLE, 'email or sms'),
  address: nullable(
    Type.String({
      description: 'masked unless the key has the scope admin; null: erased before it was added',
    }),
  ),
  reason: oneOf(SUPPRESSION_REASONS, 'why'),
  type: nullable(Type.String({ description: 'null: all' })),
  source: Type.String({ description: 'who said so' }),
  notification_id: nullable(Type.String({ description: 'ntf_…, the one that led to it' })),
  created_at: Time('when it was added, or last renewed'),
  expires_at: nullable(Time('in force until then')),
});
export type SuppressionView = Static<typeof SuppressionView>;

export const SuppressionPage = Type.Object({
  items: Type.Array(SuppressionView),
  next_cursor: nullable(Type.String()),
});
export type SuppressionPage = Static<typeof SuppressionPage>;

export const SuppressionsQuery = Type.Object(
  {
    channel: Type.Optional(oneOf(SUPPRESSIBLE, 'email or sms')),
    address: Type.Optional(text(320, 'needs channel beside it')),
    reason: Type.Optional(oneOf(SUPPRESSION_REASONS, 'why')),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'default 50' })),
  },
  strict,
);
export type SuppressionsQuery = Static<typeof SuppressionsQuery>;
