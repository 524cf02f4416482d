import { parseJsonObject } from '../../channels/json-object.js';
import type { ErrorClass } from '../../domain/outcome.js';
import { notificationOf } from '../own-message-id.js';
import { codeOf, messageIdOf, type Said, timeOf } from '../said.js';

type Fields = Record<string, unknown>;

/**
 * What Amazon SES says of a mail, as a feedback notification (`notificationType`) or as an event of a configuration set
 * (`eventType`). What is not here (Open, Click, DeliveryDelay, …) says nothing of where a mail stands.
 * Source: docs.aws.amazon.com/ses/latest/dg/notification-contents.html, event-publishing-retrieving-sns-contents.html.
 */
const READERS: Record<string, (event: Fields, now: Date) => Omit<Said, 'key'> & { feedbackId?: unknown }> = {
  Send: (event, now) => ({
    kind: 'sent',
    code: 'ses_send',
    at: timeOf(objectIn(event, 'mail')['timestamp'], now),
  }),
  Delivery: (event, now) => ({
    kind: 'delivered',
    code: 'ses_delivery',
    at: timeOf(objectIn(event, 'delivery')['timestamp'], now),
  }),
  Reject: (_event, now) => ({ kind: 'bounced', class: 'permanent', code: 'ses_reject', at: now }),
  Bounce: (event, now) => {
    const bounce = objectIn(event, 'bounce');
    return {
      kind: 'bounced',
      class: classOf(bounce),
      code: codeOf('ses', textOf(bounce['bounceType']) ?? 'bounce', textOf(bounce['bounceSubType'])),
      at: timeOf(bounce['timestamp'], now),
      feedbackId: bounce['feedbackId'],
    };
  },
  Complaint: (event, now) => {
    const complaint = objectIn(event, 'complaint');
    const word = textOf(complaint['complaintSubType']) ?? textOf(complaint['complaintFeedbackType']);
    return {
      kind: 'complaint',
      code: codeOf('ses_complaint', word),
      at: timeOf(complaint['timestamp'], now),
      feedbackId: complaint['feedbackId'],
    };
  },
};

/** Undefined for what is no event of SES; an empty list for one that says nothing to us. */
export function saidBySes(message: string, now: Date): Said[] | undefined {
  const event = parseJsonObject(message);
  const type = event && (textOf(event['eventType']) ?? textOf(event['notificationType']));
  if (!event || type === undefined) return undefined;
  const mail = objectIn(event, 'mail');
  const sesId = messageIdOf(mail['messageId']);
  if (sesId === undefined || !Object.hasOwn(READERS, type)) return [];
  const { feedbackId, ...word } = READERS[type]!(event, now);
  const id = notificationOf(originalMessageId(mail));
  return [
    {
      ...word,
      ...(id === undefined ? {} : { id }),
      providerMessageId: sesId,
      key: `${sesId}:${word.kind}:${messageIdOf(feedbackId) ?? ''}`,
    },
  ];
}

/** `Permanent` is about the address, and SES puts it on a list of its own; the rest is about this mail. */
const classOf = (bounce: Fields): ErrorClass =>
  bounce['bounceType'] === 'Permanent' ? 'suppress' : 'permanent';

/** The Message-ID that we wrote, when the notification includes the original headers; SES gives the mail another. */
function originalMessageId(mail: Fields): unknown {
  const headers = Array.isArray(mail['headers']) ? (mail['headers'] as unknown[]) : [];
  const named = headers.find(
    (header): header is Fields =>
      typeof header === 'object' &&
      header !== null &&
      /^message-id$/i.test(textOf((header as Fields)['name']) ?? ''),
  );
  return named?.['value'];
}

function objectIn(fields: Fields, name: string): Fields {
  const value = fields[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
