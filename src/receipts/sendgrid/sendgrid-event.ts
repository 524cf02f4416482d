import { fromPublicId } from '../../domain/public-id.js';
import type { ErrorClass } from '../../domain/outcome.js';
import type { ReceiptKind } from '../../domain/receipt.js';
import { notificationOf } from '../own-message-id.js';
import { codeOf, messageIdOf, type Said, timeOf } from '../said.js';

/**
 * Events of SendGrid's Event Webhook. `deferred`, `open`, `click` and what is added later say nothing of where a mail stands.
 * Source: twilio.com/docs/sendgrid/for-developers/tracking-events/event.
 */
const KIND_OF: Record<string, ReceiptKind> = {
  processed: 'sent',
  delivered: 'delivered',
  bounce: 'bounced',
  dropped: 'bounced',
  spamreport: 'complaint',
  unsubscribe: 'stop',
  group_unsubscribe: 'stop',
  group_resubscribe: 'start',
};

/** Reasons of `dropped`: the address is on SendGrid's own list, and stays there. */
const LISTED_THERE = /^(bounced address|spam reporting address|unsubscribed address|invalid)$/i;

/** Undefined for what says nothing to us. */
export function saidBySendgrid(event: unknown, now: Date): Said | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const fields = event as Record<string, unknown>;
  const name = fields['event'];
  const sgMessageId = messageIdOf(fields['sg_message_id']);
  if (typeof name !== 'string' || !Object.hasOwn(KIND_OF, name) || sgMessageId === undefined)
    return undefined;
  const kind = KIND_OF[name]!;
  const id = idOf(fields);
  const [queueId] = sgMessageId.split('.'); // what its SMTP server answered: `250 Ok: queued as …`
  return {
    kind,
    ...(id === undefined ? {} : { id }),
    providerMessageId: queueId || sgMessageId,
    ...(kind === 'bounced' ? { class: classOf(name, fields) } : {}),
    code: codeOf('sendgrid', name, name === 'bounce' ? textOf(fields['type']) : undefined),
    at: timeOf(fields['timestamp'], now),
    // sg_event_id is another one on a repetition (sendgrid-nodejs#1435).
    key: `${sgMessageId}:${name}:${String(fields['timestamp']).slice(0, 20)}`,
  };
}

/** A custom argument of the caller's, or the Message-ID that we gave the mail. */
function idOf(fields: Record<string, unknown>): string | undefined {
  const named = textOf(fields['notification_id']);
  const own = named === undefined ? undefined : fromPublicId('notification', named);
  return own ?? notificationOf(fields['smtp-id']);
}

/** `blocked` is about this mail or our reputation; any other bounce is about the address. */
function classOf(name: string, fields: Record<string, unknown>): ErrorClass {
  if (name === 'dropped') return LISTED_THERE.test(textOf(fields['reason']) ?? '') ? 'suppress' : 'permanent';
  return fields['type'] === 'blocked' ? 'permanent' : 'suppress';
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
