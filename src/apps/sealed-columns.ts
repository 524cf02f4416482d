import { contextOfAnswer } from '../platform/http/idempotent-requests.js';
import { INSTALLATION_CONTEXT } from '../platform/crypto/installation-key.js';
import type { SealedColumn } from '../platform/crypto/rewrap.js';

const ownId = (id: string): string => id;
const byId = (table: string, column: string): SealedColumn => ({
  table,
  column,
  key: [{ name: 'id', type: 'uuid' }],
  fields: ['id'],
  contextOf: ownId,
});

/**
 * Every column that holds sealed values. A test compares this list with the database: a new one that is missing here would
 * be lost with the key it was sealed with.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'installation',
    column: 'hash_key',
    key: [{ name: 'is_only', type: 'boolean' }],
    fields: [],
    contextOf: () => INSTALLATION_CONTEXT,
  },
  byId('endpoints', 'secret'),
  byId('endpoints', 'signing_key'),
  byId('endpoints', 'headers'),
  {
    table: 'endpoint_retired_secrets',
    column: 'secret',
    key: [{ name: 'id', type: 'bigint' }],
    fields: ['endpoint_id'],
    contextOf: ownId,
  },
  {
    table: 'idempotent_requests',
    column: 'answer',
    key: [
      { name: 'api_key_id', type: 'text' },
      { name: 'key', type: 'text' },
    ],
    fields: ['api_key_id', 'key'],
    contextOf: (apiKeyId, key) => contextOfAnswer({ apiKeyId, key }),
  },
  byId('notifications', 'payload'),
  byId('events', 'payload'),
  byId('suppressions', 'address'),
  byId('erasures', 'recipient'),
];
