import { fingerprintOf, readdressed } from '../accept/fingerprint.js';
import { keyHashOf, recipientKeyOf } from '../accept/business-key.js';
import type { NewNotification } from '../accept/accept-rows.js';
import type { Lane } from '../domain/channel.js';
import { toPublicId } from '../domain/public-id.js';
import type { PayloadVault } from '../notifications/payload.js';
import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';

/** Something that happened, on its way to whoever subscribed. */
export interface Event {
  id: string;
  type: string;
  recipient: string | null;
  businessId: string;
  fingerprint: Buffer;
  lane: Lane;
  apiKeyId: string | null;
  /** Where its notifications' trace goes on; null: there is none. */
  traceparent: string | null;
  /** How long its notifications may take, milliseconds. */
  expiresInMs: number | null;
  deadlineMs: number;
}

/** No recipient is not the empty one: those are refused at the door, so nothing else can have this key. */
const NOBODY = '';

/** unique(type, recipient or none, business_id). Hex. */
export const eventKeyOf = (
  hasher: KeyedHasher,
  { type, recipient, businessId }: Pick<Event, 'type' | 'recipient' | 'businessId'>,
): string => keyHashOf(hasher, `event ${type}`, recipient ?? NOBODY, businessId);

/** Of its content: as of a notification that has no address yet. */
export const eventFingerprintOf = (
  hasher: KeyedHasher,
  { type, businessId }: Pick<Event, 'type' | 'businessId'>,
  data: Record<string, unknown>,
): Buffer =>
  fingerprintOf({ type, business_id: businessId, recipient: NOBODY, channel: 'webhook', data }, hasher);

/** Who is to be told, and whether it subscribed for one recipient alone. */
export interface Subscriber {
  endpointId: string;
  isOfRecipient: boolean;
}

/** The notification that tells one endpoint. Its data stays with the event. */
export function notificationOf(
  event: Event,
  { endpointId, isOfRecipient }: Subscriber,
  hasher: KeyedHasher,
  vault: PayloadVault,
): NewNotification {
  const id = timeOrderedId();
  const to = toPublicId('endpoint', endpointId);
  return {
    id,
    keyHash: keyHashOf(hasher, event.type, isOfRecipient ? to : keyForAll(to, event), event.businessId),
    fingerprint: readdressed(event.fingerprint, to, hasher),
    type: event.type,
    recipient: to,
    businessId: event.businessId,
    recipientKey: recipientKeyOf(hasher, to),
    channel: 'webhook',
    lane: event.lane,
    template: event.type,
    locale: null,
    orderingKey: null,
    onInDoubt: null,
    payload: vault.seal(id, to, '{}', undefined),
    eventId: event.id,
    endpointId,
    apiKeyId: event.apiKeyId,
    sendAt: null,
    expiresAt: null,
    expiresInMs: event.expiresInMs,
    deadlineMs: event.deadlineMs,
    addressHash: null,
    quietUntil: null,
    traceparent: event.traceparent,
  };
}

/**
 * An endpoint that listens to everybody gets the events of all recipients, and two of these may have the same type and
 * business id: they are two events, so they are two notifications. NUL is in no recipient, so no caller's key is met.
 */
const keyForAll = (to: string, { recipient }: Event): string =>
  recipient === null ? to : `${to}\0${recipient}`;
