import { classifyTwilioCode } from '../../channels/sms/classification.js';
import type { ErrorClass } from '../../domain/outcome.js';
import { fromPublicId } from '../../domain/public-id.js';
import type { SettlingKind } from '../../domain/receipt.js';
import { type CallbackRequest, type Dialect, FORGED, headerOf, type Reading, said } from '../dialect.js';
import { codeOf, messageIdOf, type Said } from '../said.js';
import { optOutWordIn } from './opt-out-words.js';
import { isSignedByTwilio } from './twilio-signature.js';

export interface TwilioCallbacks {
  authToken: string;
  /** What stands before our path in the URL that Twilio knows; it signs the whole of it. */
  publicUrl: string;
  /** E.164, or undefined for what is no phone number (`whatsapp:…`). */
  phoneNumberOf: (text: string) => string | undefined;
}

/** Twilio sends some twenty. More would only make sorting them dear. */
const MAX_PARAMETERS = 200;

/** Message statuses (twilio.com/docs/messaging/api/message-resource#message-status-values); others change nothing. */
const KIND_OF: Record<string, SettlingKind> = {
  accepted: 'sent',
  queued: 'sent',
  sending: 'sent',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'bounced',
  failed: 'bounced',
};

/** Twilio's status callbacks, and texts that people send to our number: forms, signed with the auth token. */
export class TwilioDialect implements Dialect {
  constructor(private readonly settings: TwilioCallbacks) {}

  async read(request: CallbackRequest, now: Date): Promise<Reading> {
    const form = formOf(request.body);
    const signature = headerOf(request, 'x-twilio-signature');
    const { authToken, publicUrl } = this.settings;
    if (!form || signature === undefined) return FORGED;
    if (!isSignedByTwilio(authToken, publicUrl + request.target, form, signature)) return FORGED;
    const sid = messageIdOf(form.get('MessageSid') ?? form.get('SmsSid'));
    if (sid === undefined) return { is: 'unreadable' };
    const status = form.get('MessageStatus');
    const one =
      status === null ? this.inbound(sid, form, now) : statusOf(sid, status, form, request.target, now);
    return one ? said(one) : said();
  }

  /** A text to us. Only STOP, START and their kin mean something here. */
  private inbound(sid: string, form: URLSearchParams, now: Date): Said | undefined {
    const kind = optOutOf(form);
    const address = this.settings.phoneNumberOf(form.get('From') ?? '');
    if (!kind || address === undefined) return undefined;
    return { kind, address, code: codeOf('twilio', kind), at: now, key: `${sid}:${kind}` };
  }
}

function formOf(body: Buffer): URLSearchParams | undefined {
  const text = body.toString('utf8');
  return text.split('&', MAX_PARAMETERS + 1).length > MAX_PARAMETERS ? undefined : new URLSearchParams(text);
}

/** With Advanced Opt-Out, Twilio itself says what the text was, in any language; else its words do. */
function optOutOf(form: URLSearchParams): 'stop' | 'start' | undefined {
  switch (form.get('OptOutType')) {
    case 'STOP':
      return 'stop';
    case 'START':
      return 'start';
    default:
      return optOutWordIn(form.get('Body') ?? '');
  }
}

function statusOf(
  sid: string,
  status: string,
  form: URLSearchParams,
  target: string,
  now: Date,
): Said | undefined {
  const kind = Object.hasOwn(KIND_OF, status) ? KIND_OF[status]! : undefined;
  if (!kind) return undefined;
  const id = notificationIn(target);
  const number = /^\d{1,6}$/.test(form.get('ErrorCode') ?? '') ? Number(form.get('ErrorCode')) : 0;
  return {
    kind,
    ...(id === undefined ? {} : { id }),
    providerMessageId: sid,
    ...(kind === 'bounced' ? { class: classOf(number) } : {}),
    code: codeOf('twilio', number > 0 ? number : status),
    at: now,
    key: `${sid}:${kind}`,
  };
}

const classOf = (number: number): ErrorClass =>
  number > 0 ? classifyTwilioCode(number, undefined).class : 'permanent';

/** We wrote it into the URL ourselves, and the signature covers the URL. */
function notificationIn(target: string): string | undefined {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  return fromPublicId('notification', query.get('notification_id') ?? '');
}
