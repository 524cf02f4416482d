import PostalMime, { type Address } from 'postal-mime';

import { type Arrival, type EmailParts, notificationIdIn } from './arrival.js';

/** Parts nested deeper than this are nobody's letter; the parser gives up instead of climbing on. */
const MAX_NESTING = 32;

/** The mail's source and its parts. A mail that cannot be parsed is kept raw, and says why. */
export async function readMail(raw: Buffer, queueId: string): Promise<Omit<Arrival, 'to' | 'fault'>> {
  const source = raw.toString('utf8');
  try {
    const mail = await PostalMime.parse(raw, { maxNestingDepth: MAX_NESTING });
    const parts: EmailParts = {
      from: addressText(mail.from),
      to: (mail.to ?? []).map(addressText).join(', '),
      message_id: mail.messageId ?? null,
      queue_id: queueId,
      text: mail.text ?? null,
      html: mail.html ?? null,
      attachments: mail.attachments.map((one) => ({
        filename: one.filename,
        mime_type: one.mimeType,
        size_bytes: typeof one.content === 'string' ? Buffer.byteLength(one.content) : one.content.byteLength,
      })),
      fault: null,
    };
    return {
      channel: 'email',
      subject: mail.subject ?? null,
      raw: source,
      parsed: parts,
      headers: mail.headers.map(({ originalKey, value }) => [originalKey, value]),
      notificationId: notificationIdIn(mail.messageId),
    };
  } catch (error) {
    return {
      channel: 'email',
      subject: null,
      raw: source,
      parsed: noParts(queueId, error),
      headers: [],
      notificationId: null,
    };
  }
}

const noParts = (queueId: string, error: unknown): EmailParts => ({
  from: '',
  to: '',
  message_id: null,
  queue_id: queueId,
  text: null,
  html: null,
  attachments: [],
  fault: error instanceof Error ? error.message : 'The mail could not be parsed.',
});

function addressText(address: Address | undefined): string {
  if (!address) return '';
  if (address.group) return `${address.name}: ${address.group.map(addressText).join(', ')};`;
  return address.name ? `${address.name} <${address.address}>` : address.address;
}
