import type { Outcome } from '../../../../domain/outcome.js';
import type { ProviderConfig } from '../../../../platform/config/posthaste-file.js';
import { VERSION } from '../../../../platform/version.js';
import type { Call, EmailContent, Parcel, Provider } from '../../../channel.js';
import { HttpCalls, type HttpRequest, isFailed } from '../../../http-call.js';
import type { Sender } from '../../sender.js';
import { unsubscribeHeaders } from '../../unsubscribe-headers.js';
import { outcomeOfAnswer } from './resend-answer.js';
import { readResendOptions, type ResendSettings } from './resend.options.js';

/**
 * How long Resend recognises an `Idempotency-Key`, from the call that first carried it: the same request again is answered
 * with the first one's id and sends nothing. A retry of what is in doubt makes no second mail within it, and may after.
 * Source: resend.com/docs/dashboard/emails/idempotency-keys.
 */
export const RESEND_KEY_LIFE_MS = 86_400_000;

/**
 * Mail through Resend's HTTP API, one recipient per mail, under a key of the notification and its content. The body depends on
 * nothing of the attempt: Resend refuses other bytes under a known key. An unanswered call and a 5xx are in doubt all the
 * same, because only Resend recognises the key: another provider would send the mail a second time.
 * Promises an answer within `timeout` for the head and as long again for the rest.
 */
export class ResendProvider implements Provider<EmailContent> {
  readonly name: string;
  readonly channel = 'email';
  readonly kind = 'resend';

  readonly #settings: ResendSettings;
  readonly #http: HttpCalls;

  constructor(config: ProviderConfig) {
    this.name = config.name;
    this.#settings = readResendOptions(config.options);
    this.#http = new HttpCalls(this.#settings.origin, config);
  }

  async send(parcel: Parcel<EmailContent>, call: Call): Promise<Outcome> {
    const answer = await this.#http.make(requestOf(parcel, this.#settings), call);
    if (isFailed(answer)) return answer;
    return outcomeOfAnswer(answer, [parcel.to, this.#settings.apiKey], call.now());
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

const requestOf = (parcel: Parcel<EmailContent>, settings: ResendSettings): HttpRequest => ({
  method: 'POST',
  path: settings.path,
  headers: {
    authorization: `Bearer ${settings.apiKey}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'idempotency-key': parcel.key,
    'user-agent': `Posthaste/${VERSION}`, // Resend refuses calls without one (resend.com/docs/api-reference/introduction)
  },
  body: bodyOf(parcel, settings.from),
});

function bodyOf({ key, to, content }: Parcel<EmailContent>, from: Sender): string {
  const { subject, html, text } = content;
  return JSON.stringify({
    from: mailboxOf(from),
    to: [to],
    subject,
    ...(html === undefined ? {} : { html }),
    text,
    headers: {
      'Message-ID': `<${key}@${from.domain}>`,
      'Auto-Submitted': 'auto-generated', // RFC 3834 §5: no vacation notes in reply
      ...unsubscribeHeaders(content),
    },
  });
}

/** A name that is more than words is quoted: `"Acme, Inc." <no-reply@acme.example>` (RFC 5322 §3.2.4, §3.4). */
function mailboxOf({ name, address }: Sender): string {
  if (name === '') return address;
  return /^[\p{L}\p{N} ]+$/u.test(name) ? `${name} <${address}>` : `${JSON.stringify(name)} <${address}>`;
}
