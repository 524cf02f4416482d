import type { EventType } from './event-type.js';
import type { TypeCatalogue } from './type-catalogue.js';

/** The `webhooks` of the OpenAPI document (3.1, §4.8.1): what subscribers get, one entry a type. */
export const webhooksOf = (catalogue: TypeCatalogue): Record<string, object> =>
  Object.fromEntries(catalogue.list().map((one) => [one.type, { post: describe(one) }]));

function describe({ type, description, schema, example }: EventType): object {
  return {
    summary: description ?? type,
    security: [],
    parameters: HEADERS,
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: bodyOf(type, schema),
          ...(example === undefined
            ? {}
            : { example: { type, timestamp: '2026-11-22T09:00:00.000Z', data: example } }),
        },
      },
    },
    responses: { '2XX': { description: 'Taken. Anything else, and no answer, is tried again.' } },
  };
}

const bodyOf = (type: string, schema: EventType['schema']): object => ({
  type: 'object',
  required: ['type', 'timestamp', 'data'],
  properties: {
    type: { type: 'string', const: type },
    timestamp: { type: 'string', format: 'date-time', description: 'when it was accepted' },
    // A name of its own, so that what refers to "#/…" within it stays within it.
    data: schema === undefined ? { type: 'object' } : { $id: `urn:posthaste:type:${type}`, ...schema },
  },
});

const HEADERS = [
  ['webhook-id', 'ntf_…, the same on every attempt'],
  ['webhook-timestamp', 'Unix seconds of this attempt'],
  ['webhook-signature', '`v1,…`, one a live secret, by Standard Webhooks 1.0'],
].map(([name, description]) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
}));
