import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import type { Sealer } from '../platform/crypto/sealer.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { addressHashOf } from './address-hash.js';
import type { Suppression } from './suppression.js';

/** A suppression as the statements take it, in one JSON parameter: hashed and sealed, nothing readable. */
export interface SuppressionDraft {
  id: string;
  channel: string;
  /** Hex. */
  address_hash: string;
  /** Sealed, bound to `id`; base64. Null: nobody knows it any more. */
  address: string | null;
  /** Empty: all. */
  type: string;
  reason: string;
  source: string;
  notification_id: string | null;
  expires_at: string | null;
  said_at: string | null;
  /** 1: at once. */
  times: number;
  within_days: number;
}

/** `addressHash` stands in for an address that has been erased. */
export type Suppressed = Omit<Suppression, 'address'> & ({ address: string } | { addressHash: string });

export function draftOf(suppressed: Suppressed, hasher: KeyedHasher, sealer: Sealer): SuppressionDraft {
  const id = timeOrderedId();
  const { channel, type, reason, source, notificationId, expiresAt, saidAt, after } = suppressed;
  return {
    id,
    channel,
    ...('address' in suppressed
      ? {
          address_hash: addressHashOf(hasher, channel, suppressed.address),
          address: sealer.seal(suppressed.address, id).toString('base64'),
        }
      : { address_hash: suppressed.addressHash, address: null }),
    type: type ?? '',
    reason,
    source,
    notification_id: notificationId ?? null,
    expires_at: expiresAt?.toISOString() ?? null,
    said_at: saidAt?.toISOString() ?? null,
    times: after?.times ?? 1,
    within_days: after?.withinDays ?? 0,
  };
}
