import { fromPublicId } from '../domain/public-id.js';

/** Mail goes out as `<ntf_….digest@domain>` (before there were digests: `<ntf_…@domain>`); vendors quote that with and without its brackets. */
const OWN_MESSAGE_ID = /^<?(ntf_[0-9a-z]{26})(?:\.[0-9a-f]{1,64})?@[^<>\s]{1,255}>?$/;

/** The notification (a UUID) whose Message-ID this is; undefined when it is none of ours. */
export function notificationOf(messageId: unknown): string | undefined {
  const publicId = typeof messageId === 'string' ? OWN_MESSAGE_ID.exec(messageId.trim())?.[1] : undefined;
  return publicId === undefined ? undefined : fromPublicId('notification', publicId);
}
