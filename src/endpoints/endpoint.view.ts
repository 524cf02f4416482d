import { toPublicId } from '../domain/public-id.js';
import type { Sealer } from '../platform/crypto/sealer.js';
import type { EndpointEntity } from './endpoint.entity.js';
import type { EndpointView } from './endpoint.schema.js';

/** An endpoint as its owner sees it: everything but what signs. */
export function toEndpointView(entity: EndpointEntity, sealer: Sealer): EndpointView {
  return {
    id: toPublicId('endpoint', entity.id),
    uid: entity.uid,
    recipient: entity.recipient,
    url: entity.url,
    types: entity.types,
    description: entity.description,
    headers: openHeaders(entity.headers, entity.id, sealer),
    rate_limit: entity.rateLimit,
    timeout: entity.timeoutMs === null ? null : `${entity.timeoutMs}ms`,
    concurrency: entity.concurrency,
    public_key: entity.publicKey,
    enabled: entity.enabled,
    disabled_at: entity.disabledAt?.toISOString() ?? null,
    disabled_reason: entity.disabledReason,
    created_at: entity.createdAt.toISOString(),
    updated_at: entity.updatedAt.toISOString(),
  };
}

export const openHeaders = (
  sealed: Buffer | null,
  id: string,
  sealer: Sealer,
): Readonly<Record<string, string>> =>
  sealed ? (JSON.parse(sealer.open(sealed, id).toString('utf8')) as Record<string, string>) : {};
