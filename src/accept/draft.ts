import type { ChannelName } from '../domain/channel.js';
import { toPublicId } from '../domain/public-id.js';
import type { Letter } from '../channels/channel.js';
import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { keyHashOf, recipientKeyOf } from './business-key.js';
import { fingerprintOf } from './fingerprint.js';
import type { NotificationRequest } from './notification.schema.js';

/** A well-formed request and what follows from it alone: its key, its content's fingerprint, its id should it be new. */
export interface Draft {
  request: NotificationRequest;
  id: string;
  keyHash: string;
  fingerprint: Buffer;
  recipientKey: string;
}

export function draftOf(request: NotificationRequest, hasher: KeyedHasher): Draft {
  return {
    request,
    id: timeOrderedId(),
    keyHash: keyHashOf(hasher, request.type, request.recipient, request.business_id),
    fingerprint: fingerprintOf(request, hasher),
    recipientKey: recipientKeyOf(hasher, request.recipient),
  };
}

/** What the configuration adds to a draft: how and where it goes. */
export interface Addressed {
  channel: ChannelName;
  /** Normalised. */
  to: string;
  template: string;
  endpointId: string | null;
  dataJson: string;
  /** Of an SMS: the parts it is billed as. */
  segments: number | undefined;
  /** What the suppression list knows the address by (hex); null for a webhook. */
  addressHash: string | null;
  /** As ICU writes it. */
  timeZone: string | undefined;
  /** When the quiet hours end that it would go in; null: it may go. ISO 8601. */
  quietUntil: string | null;
}

export const letterOf = (draft: Draft, addressed: Pick<Addressed, 'template'>, createdAt: Date): Letter => ({
  id: toPublicId('notification', draft.id),
  type: draft.request.type,
  template: addressed.template,
  locale: draft.request.locale,
  data: draft.request.data ?? {},
  createdAt,
  lane: draft.request.lane ?? 'transactional',
});
